// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * tcprtt.bpf.c - the smoothed round trip time of a connection, each time that a segment comes in.
 *
 * A segment comes in without a process. Its connection belongs to the one that made it, or that was the last to send or to
 * receive, which tracepoints tell of since Linux 6.3; before, the functions that do it are watched.
 */
#include <emf/bpf.h>

#include "tcprtt_emf.h"
#include "log2.h"
#include "tcp.h"

#define MAX_REMOTES 4096
#define MAX_WANTED 16384

const volatile __be32 local_address[4];
const volatile __u16 local_port;
const volatile __be32 remote_address[4];
const volatile __u16 remote_port;
const volatile bool by_remote;
const volatile bool ms;
__u64 lost; /* segments of remote addresses that have no histogram */
__u64 lost_uses; /* of connections that have no room in wanted */

struct hist {
	__u64 slots[LOG2_SLOTS];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct hist);
} all SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_REMOTES);
	__type(key, struct tcprtt_remote);
	__type(value, struct hist);
} remotes SEC(".maps");

/* A new one, which the stack has no room for. Never written. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct hist);
} empty SEC(".maps");

/* Connections of processes that are asked for. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_WANTED);
	__type(key, __u64); /* address of the socket */
	__type(value, bool);
} wanted SEC(".maps");

static __always_inline void forget(__u64 sk)
{
	if (bpf_map_lookup_elem(&wanted, &sk))
		bpf_map_delete_elem(&wanted, &sk);
}

/* The process that runs now does something with it. */
static __always_inline int use(const struct sock *sk)
{
	bool yes = true;
	__u64 key = (__u64)sk;

	/* One that is closed may still be read to its end, and will not be heard of again. */
	if (!emf_wants_process() || !tcp_is(sk) || BPF_CORE_READ(sk, __sk_common.skc_state) == TCP_CLOSE)
		return 0;
	if (!emf_is_wanted())
		forget(key);
	else if (!bpf_map_lookup_elem(&wanted, &key) && bpf_map_update_elem(&wanted, &key, &yes, BPF_ANY))
		__sync_fetch_and_add(&lost_uses, 1);
	return 0;
}

SEC("raw_tp/inet_sock_set_state")
int on_state(struct bpf_raw_tracepoint_args *ctx)
{
	const struct sock *sk = (const struct sock *)ctx->args[0];
	int state = (int)ctx->args[2];

	if (state == TCP_SYN_SENT)
		return use(sk);
	if ((state == TCP_CLOSE || state == TCP_SYN_RECV) && emf_wants_process())
		forget((__u64)sk);
	return 0;
}

SEC("tp_btf/sock_send_length")
int BPF_PROG(on_send, const struct sock *sk)
{
	return use(sk);
}

SEC("tp_btf/sock_recv_length")
int BPF_PROG(on_receive, const struct sock *sk)
{
	return use(sk);
}

SEC("fentry/tcp_sendmsg")
int BPF_PROG(on_tcp_sendmsg, const struct sock *sk)
{
	return use(sk);
}

SEC("fentry/tcp_recvmsg")
int BPF_PROG(on_tcp_recvmsg, const struct sock *sk)
{
	return use(sk);
}

static __always_inline bool is_wanted(const struct sock *sk)
{
	__u64 key = (__u64)sk;

	return emf_wants_process() ? !!bpf_map_lookup_elem(&wanted, &key) : emf_is_wanted_socket(sk);
}

static __always_inline bool fits(const volatile __be32 wanted[4], const __be32 address[4])
{
	if (!(wanted[0] | wanted[1] | wanted[2] | wanted[3]))
		return true;
	return wanted[0] == address[0] && wanted[1] == address[1] && wanted[2] == address[2] && wanted[3] == address[3];
}

static __always_inline struct hist *hist_of(const struct tcprtt_remote *key)
{
	struct hist *hist, *fresh;
	__u32 zero = 0;

	if (!by_remote)
		return bpf_map_lookup_elem(&all, &zero);
	hist = bpf_map_lookup_elem(&remotes, key);
	if (hist)
		return hist;
	fresh = bpf_map_lookup_elem(&empty, &zero);
	if (fresh)
		bpf_map_update_elem(&remotes, key, fresh, BPF_NOEXIST);
	return bpf_map_lookup_elem(&remotes, key);
}

SEC("raw_tp/tcp_probe")
int on_segment(struct bpf_raw_tracepoint_args *ctx)
{
	const struct sock *sk = (const struct sock *)ctx->args[0];
	struct tcprtt_remote remote;
	__u16 sport, dport;
	struct hist *hist;
	__be32 local[4];
	__u32 rtt_us;

	if (!tcp_is(sk) || !is_wanted(sk))
		return 0;
	tcp_addresses(sk, local, remote.remote, &sport, &dport);
	if ((local_port && sport != local_port) || (remote_port && dport != remote_port))
		return 0;
	if (!fits(local_address, local) || !fits(remote_address, remote.remote))
		return 0;
	/* In eighths, and 0 as long as none was measured. */
	rtt_us = BPF_CORE_READ((const struct tcp_sock *)sk, srtt_us) >> 3;
	if (!rtt_us)
		return 0;
	hist = hist_of(&remote);
	if (hist)
		__sync_fetch_and_add(&hist->slots[log2_slot(ms ? rtt_us / 1000 : rtt_us)], 1);
	else
		__sync_fetch_and_add(&lost, 1);
	return 0;
}
