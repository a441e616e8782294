// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * tcplife.bpf.c - TCP connections that end.
 */
#include <emf/bpf.h>

#include "tcplife_emf.h"
#include "tcp.h"

char LICENSE[] SEC("license") = "GPL";

#define MAX_SOCKETS 65536
#define SOCK_DONE 1 /* the peer's FIN has come: enum sock_flags, include/net/sock.h */

const volatile __u32 pid;

struct life {
	__u64 since;
	__u32 pid;
	char comm[16];
	__u32 is_wanted;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_SOCKETS);
	__type(key, __u64); /* address of the socket */
	__type(value, struct life);
} sockets SEC(".maps");

/* Changes that a process makes by itself; the others happen in interrupts. */
static __always_inline bool is_by_its_process(int new_state)
{
	return new_state == TCP_SYN_SENT || new_state == TCP_FIN_WAIT1 || new_state == TCP_LAST_ACK;
}

static __always_inline bool was_established(int old_state)
{
	return old_state == TCP_ESTABLISHED || old_state == TCP_FIN_WAIT1 || old_state == TCP_FIN_WAIT2 ||
	       old_state == TCP_CLOSE_WAIT || old_state == TCP_LAST_ACK || old_state == TCP_CLOSING;
}

static __always_inline void tell(const struct sock *sk, const struct life *life)
{
	const struct tcp_sock *tcp = (const struct tcp_sock *)sk;
	struct tcplife_life *e;

	if ((pid && life->pid != pid) || (emf_wants_some() && !life->is_wanted))
		return;
	e = tcplife_event_life_reserve();
	if (!e)
		return;
	e->time = bpf_ktime_get_ns();
	e->age = life->since ? e->time - life->since : 0;
	e->pid = life->pid;
	e->uid = BPF_CORE_READ(sk, sk_uid.val);
	__builtin_memcpy(e->comm, life->comm, sizeof(e->comm));
	__builtin_memset(e->pad, 0, sizeof(e->pad));
	tcp_addresses(sk, e->saddr, e->daddr, &e->sport, &e->dport);
	e->tx = BPF_CORE_READ(tcp, bytes_sent) - BPF_CORE_READ(tcp, bytes_retrans);
	/* A FIN has a sequence number, and is counted with the bytes. */
	e->rx = BPF_CORE_READ(tcp, bytes_received) - (BPF_CORE_READ(sk, __sk_common.skc_flags) >> SOCK_DONE & 1);
	tcplife_event_life_submit(e);
}

SEC("raw_tp/inet_sock_set_state")
int on_state(struct bpf_raw_tracepoint_args *ctx)
{
	const struct sock *sk = (const struct sock *)ctx->args[0];
	int old_state = (int)ctx->args[1], new_state = (int)ctx->args[2];
	struct life life = {}, *known;
	__u64 key = (__u64)sk;

	if (!tcp_is(sk))
		return 0;
	known = bpf_map_lookup_elem(&sockets, &key);
	if (known)
		life = *known;
	/* An accepted one is seen first in SYN_RECV, or on older kernels on its way out of it. */
	if (new_state == TCP_SYN_SENT || new_state == TCP_SYN_RECV || old_state == TCP_SYN_RECV)
		life.since = known ? life.since : bpf_ktime_get_ns();
	if (!life.pid && is_by_its_process(new_state)) {
		life.pid = bpf_get_current_pid_tgid() >> 32;
		life.is_wanted = emf_is_wanted();
		bpf_get_current_comm(life.comm, sizeof(life.comm));
	}
	if (new_state == TCP_CLOSE) {
		if (was_established(old_state))
			tell(sk, &life);
		bpf_map_delete_elem(&sockets, &key);
		return 0;
	}
	if (new_state == TCP_LISTEN)
		return 0;
	/* Told in the end all the same, but without its age or process. */
	bpf_map_update_elem(&sockets, &key, &life, BPF_ANY);
	return 0;
}
