// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Connections that processes of a cgroup ask for; two types of programs in one object. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct event {
	struct in_addr to;
	__be16 dport;
	__u16 family;
	u64 cgroup_id;
	u32 pid;
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} events SEC(".maps");

u64 sent_bytes;

SEC("cgroup/connect4")
int on_connect(struct bpf_sock_addr *ctx)
{
	struct event *e = bpf_ringbuf_reserve(&events, sizeof(struct event), 0);

	if (!e)
		return 1;
	e->to.s_addr = ctx->user_ip4;
	e->dport = ctx->user_port;
	e->family = ctx->family;
	e->cgroup_id = bpf_get_current_cgroup_id();
	e->pid = bpf_get_current_pid_tgid() >> 32;
	bpf_ringbuf_submit(e, 0);
	return 1;
}

SEC("cgroup_skb/egress")
int on_egress(struct __sk_buff *skb)
{
	__sync_fetch_and_add(&sent_bytes, skb->len);
	return 1;
}
