// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A program of a cgroup that is asked about each socket, and lets all pass. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct made {
	__u64 cgroup_id;
	__u32 family;
	__u32 type;
	__u32 protocol;
	__u32 priority;
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 14);
} made SEC(".maps");

const volatile __u32 only_type;

SEC("cgroup/sock_create")
int on_socket(struct bpf_sock *sk)
{
	struct made *m;

	if (only_type && sk->type != only_type)
		return 1;
	m = bpf_ringbuf_reserve(&made, sizeof(*m), 0);
	if (!m)
		return 1;
	m->cgroup_id = bpf_get_current_cgroup_id();
	m->family = sk->family;
	m->type = sk->type;
	m->protocol = sk->protocol;
	m->priority = sk->priority;
	bpf_ringbuf_submit(m, 0);
	return 1;
}
