// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * tcpconnect.bpf.c - TCP connections as they are made.
 *
 * A process that connects changes the state of its socket itself; the answer comes
 * in an interrupt, in whose time any process may be. So the first is remembered.
 */
#include <emf/bpf.h>

#include "tcpconnect_emf.h"
#include "tcp.h"

char LICENSE[] SEC("license") = "GPL";

#define MAX_SOCKETS 16384 /* that wait for an answer at the same time */
#define MAX_LISTENERS 4096
#define ECONNABORTED 103 /* include/uapi/asm-generic/errno.h */

const volatile __u32 pid;
const volatile bool failed;
const volatile bool incoming;

struct owner {
	__u64 since;
	__u32 pid;
	__u32 uid;
	char comm[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_SOCKETS);
	__type(key, __u64); /* address of the socket */
	__type(value, struct owner);
} sockets SEC(".maps");

/* Who listens. Those that stop to go in the end by themselves: nobody connects to them. */
struct listener {
	__u64 net; /* address of the network namespace */
	__u64 port;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MAX_LISTENERS);
	__type(key, struct listener);
	__type(value, struct owner);
} listeners SEC(".maps");

static __always_inline struct owner own(void)
{
	struct owner owner = {
		.since = bpf_ktime_get_ns(),
		.pid = bpf_get_current_pid_tgid() >> 32,
		.uid = (__u32)bpf_get_current_uid_gid(),
	};

	bpf_get_current_comm(owner.comm, sizeof(owner.comm));
	return owner;
}

static __always_inline struct listener listener_of(const struct sock *sk)
{
	struct listener listener = {
		.net = (__u64)BPF_CORE_READ(sk, __sk_common.skc_net.net),
		.port = BPF_CORE_READ(sk, __sk_common.skc_num),
	};

	return listener;
}

static __always_inline void tell(const struct sock *sk, const struct owner *owner, __u32 dir, int result)
{
	struct tcpconnect_connect *e;
	__be32 saddr[4], daddr[4];
	__u16 sport, dport;

	if ((pid && owner->pid != pid) || (failed && !result))
		return;
	tcp_addresses(sk, saddr, daddr, &sport, &dport);
	if (!tcpconnect_event_connect_passes(owner->pid, owner->uid, result, dir, sport, dport))
		return;
	e = tcpconnect_event_connect_reserve();
	if (!e)
		return;
	e->time = bpf_ktime_get_ns();
	e->took = dir == TCPCONNECT_DIR_OUT ? e->time - owner->since : 0;
	e->pid = owner->pid;
	e->uid = owner->uid;
	e->result = result;
	e->dir = dir;
	__builtin_memset(e->pad, 0, sizeof(e->pad));
	__builtin_memcpy(e->comm, owner->comm, sizeof(e->comm));
	__builtin_memcpy(e->saddr, saddr, sizeof(saddr));
	__builtin_memcpy(e->daddr, daddr, sizeof(daddr));
	e->sport = sport;
	e->dport = dport;
	tcpconnect_event_connect_submit(e);
}

static __always_inline void tell_incoming(const struct sock *sk)
{
	struct listener listener = listener_of(sk);
	struct owner *known = bpf_map_lookup_elem(&listeners, &listener), owner = {};

	if (known)
		owner = *known;
	else if (emf_wants_some())
		return; /* nobody knows whose it is */
	else
		owner.uid = BPF_CORE_READ(sk, sk_uid.val);
	tell(sk, &owner, TCPCONNECT_DIR_IN, 0);
}

SEC("raw_tp/inet_sock_set_state")
int on_state(struct bpf_raw_tracepoint_args *ctx)
{
	const struct sock *sk = (const struct sock *)ctx->args[0];
	int old_state = (int)ctx->args[1], new_state = (int)ctx->args[2], err;
	__u64 key = (__u64)sk;
	struct listener listener;
	struct owner owner, *known;

	if (!tcp_is(sk))
		return 0;
	if (new_state == TCP_SYN_SENT) {
		owner = own();
		if ((!pid || owner.pid == pid) && emf_is_wanted() && bpf_map_update_elem(&sockets, &key, &owner, BPF_ANY))
			tcpconnect_event_connect_lost();
		return 0;
	}
	if (incoming && new_state == TCP_LISTEN && emf_is_wanted()) {
		owner = own();
		listener = listener_of(sk);
		bpf_map_update_elem(&listeners, &listener, &owner, BPF_ANY);
	}
	known = bpf_map_lookup_elem(&sockets, &key);
	if (!known && incoming && old_state == TCP_SYN_RECV && new_state == TCP_ESTABLISHED)
		tell_incoming(sk);
	/* Two that connect to each other at once go through SYN_RECV as well. */
	if (!known || new_state == TCP_SYN_RECV)
		return 0;
	owner = *known;
	bpf_map_delete_elem(&sockets, &key);
	err = BPF_CORE_READ(sk, sk_err);
	tell(sk, &owner, TCPCONNECT_DIR_OUT, new_state != TCP_CLOSE ? 0 : err ? -err : -ECONNABORTED);
	return 0;
}
