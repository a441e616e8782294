// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Sockets of a cgroup, when they are made and when they go: two types in one perf buffer, and the time kept with each socket. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

enum kind { SOCKET_MADE = 1, SOCKET_GONE };

struct made_event {
	enum kind kind;
	u32 family;
	u32 type;
	u32 pad;
	u64 cookie;
};

struct gone_event {
	enum kind kind;
	u32 mark;
	u64 cookie;
	u64 held_ns;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, sizeof(u32));
	__uint(value_size, sizeof(u32));
} events SEC(".maps");
EMF_EVENT(events, struct made_event, SOCKET_MADE);
EMF_EVENT(events, struct gone_event, SOCKET_GONE);

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, u64);
} since SEC(".maps");

SEC("cgroup/sock_create")
int on_made(struct bpf_sock *sk)
{
	struct made_event e = { .kind = SOCKET_MADE, .family = sk->family, .type = sk->type, .cookie = bpf_get_socket_cookie(sk) };
	u64 now = bpf_ktime_get_ns();

	bpf_sk_storage_get(&since, sk, &now, BPF_LOCAL_STORAGE_GET_F_CREATE);
	bpf_perf_event_output(sk, &events, BPF_F_CURRENT_CPU, &e, sizeof(e));
	return 1;
}

SEC("cgroup/sock_release")
int on_gone(struct bpf_sock *sk)
{
	u64 *at = bpf_sk_storage_get(&since, sk, NULL, 0);
	struct gone_event e = { .kind = SOCKET_GONE, .mark = sk->mark, .cookie = bpf_get_socket_cookie(sk) };

	if (!at)
		return 1;
	e.held_ns = bpf_ktime_get_ns() - *at;
	bpf_perf_event_output(sk, &events, BPF_F_CURRENT_CPU, &e, sizeof(e));
	return 1;
}
