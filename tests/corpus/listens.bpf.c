// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A typed tracepoint, addresses of both families in a union without a name, enums of the kernel. */
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define AF_INET 2

struct listening {
	__u64 ts_ns;
	__u32 pid;
	__u16 family;
	__u16 lport;
	__be32 saddr;
	__u32 backlog;
	char task_comm[TASK_COMM_LEN];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 16);
} listeners SEC(".maps");

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(inet_sock_set_state, const struct sock *sk, int oldstate, int newstate)
{
	struct listening *l;

	if (newstate != TCP_LISTEN)
		return 0;
	l = bpf_ringbuf_reserve(&listeners, sizeof(struct listening), 0);
	if (!l)
		return 0;
	l->ts_ns = bpf_ktime_get_ns();
	l->pid = bpf_get_current_pid_tgid() >> 32;
	l->family = BPF_CORE_READ(sk, __sk_common.skc_family);
	l->lport = BPF_CORE_READ(sk, __sk_common.skc_num);
	l->saddr = l->family == AF_INET ? BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr) : 0;
	l->backlog = BPF_CORE_READ(sk, sk_max_ack_backlog);
	bpf_get_current_comm(l->task_comm, sizeof(l->task_comm));
	bpf_ringbuf_submit(l, 0);
	return 0;
}

char _license[] SEC("license") = "GPL";
