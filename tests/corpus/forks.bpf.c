// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A classic tracepoint by the kernel's own type of its record, a perf buffer, and the idiom that keeps a type in the BTF. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct event {
	pid_t parent_pid;
	pid_t child_pid;
	char parent_comm[16];
	char child_comm[16];
};

const volatile pid_t target_pid = 0;
const struct event *unused __attribute__((unused));

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, sizeof(u32));
	__uint(value_size, sizeof(u32));
} events SEC(".maps");

SEC("tracepoint/sched/sched_process_fork")
int handle_fork(struct trace_event_raw_sched_process_fork *ctx)
{
	struct event event = {};

	if (target_pid && ctx->parent_pid != target_pid)
		return 0;
	event.parent_pid = ctx->parent_pid;
	event.child_pid = ctx->child_pid;
	bpf_get_current_comm(&event.parent_comm, sizeof(event.parent_comm));
	bpf_get_current_comm(event.child_comm, sizeof(event.child_comm));
	bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU, &event, sizeof(event));
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
