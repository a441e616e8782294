// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * tcpstates.bpf.c - every change of a TCP socket's state.
 */
#include <emf/bpf.h>

#include "tcpstates_emf.h"

char LICENSE[] SEC("license") = "GPL";

#define MAX_SOCKETS 65536

/* include/linux/socket.h, include/net/tcp_states.h, include/uapi/linux/in.h */
#define AF_INET 2
#define AF_INET6 10
#define IPPROTO_TCP 6
#define TCP_SYN_SENT 2
#define TCP_CLOSE 7
#define TCP_LISTEN 10

struct life {
	__u64 since; /* when the state it is in began */
	__u32 pid;
	__u16 sport; /* a socket that closes has given its port back already */
	__u16 is_wanted;
	char comm[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_SOCKETS);
	__type(key, __u64); /* address of the socket */
	__type(value, struct life);
} sockets SEC(".maps");

static __always_inline void fill_addresses(struct tcpstates_change *e, const struct sock *sk, __u16 family)
{
	e->dport = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));
	if (family == AF_INET6) {
		BPF_CORE_READ_INTO(&e->saddr, sk, __sk_common.skc_v6_rcv_saddr);
		BPF_CORE_READ_INTO(&e->daddr, sk, __sk_common.skc_v6_daddr);
		return;
	}
	emf_ip_from4(e->saddr, BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr));
	emf_ip_from4(e->daddr, BPF_CORE_READ(sk, __sk_common.skc_daddr));
}

/* Only these two happen in the process that asked for them; others in interrupts. */
static __always_inline bool is_by_its_process(int new_state)
{
	return new_state == TCP_SYN_SENT || new_state == TCP_LISTEN;
}

SEC("raw_tp/inet_sock_set_state")
int on_state(struct bpf_raw_tracepoint_args *ctx)
{
	struct sock *sk = (struct sock *)ctx->args[0];
	int old_state = (int)ctx->args[1], new_state = (int)ctx->args[2];
	__u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);
	__u64 key = (__u64)sk, now = bpf_ktime_get_ns();
	struct tcpstates_change *e;
	struct life life = {}, *known;
	__u16 sport;

	/* A bit-field before 5.6, which read and relocate alike. */
	if (BPF_CORE_READ_BITFIELD_PROBED(sk, sk_protocol) != IPPROTO_TCP)
		return 0;
	if (family != AF_INET && family != AF_INET6)
		return 0;
	known = bpf_map_lookup_elem(&sockets, &key);
	if (known)
		life = *known;
	sport = BPF_CORE_READ(sk, __sk_common.skc_num);
	if (sport)
		life.sport = sport;
	if (is_by_its_process(new_state)) {
		life.pid = bpf_get_current_pid_tgid() >> 32;
		life.is_wanted = emf_is_wanted();
		bpf_get_current_comm(life.comm, sizeof(life.comm));
	}
	e = emf_wants_some() && !life.is_wanted ? NULL : tcpstates_event_change_reserve();
	if (e) {
		e->time = now;
		e->took = life.since ? now - life.since : 0;
		e->socket = key;
		e->pid = life.pid;
		e->sport = life.sport;
		e->old_state = old_state;
		e->new_state = new_state;
		__builtin_memcpy(e->comm, life.comm, sizeof(e->comm));
		__builtin_memset(e->pad, 0, sizeof(e->pad));
		__builtin_memset(e->pad2, 0, sizeof(e->pad2));
		fill_addresses(e, sk, family);
		tcpstates_event_change_submit(e);
	}
	if (new_state == TCP_CLOSE) {
		bpf_map_delete_elem(&sockets, &key);
		return 0;
	}
	life.since = now;
	/* The next change will be told without its time, port and process. */
	if (bpf_map_update_elem(&sockets, &key, &life, BPF_ANY))
		tcpstates_event_change_lost();
	return 0;
}
