// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* With each program that is run: which one was run before it, and which one so many before. A stack and a queue. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#define BACK 3

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, BACK + 1);
	__type(value, pid_t);
} queue SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_STACK);
	__uint(max_entries, 64);
	__type(value, pid_t);
} stack SEC(".maps");

struct turn {
	pid_t pid;
	pid_t last_pid;
	pid_t oldest_pid;
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 64 * 1024);
} turns SEC(".maps");

const volatile pid_t targ_ppid = 0;
static u64 execs;

SEC("raw_tp/sched_process_exec")
int on_exec(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task_btf();
	struct turn turn = { .pid = bpf_get_current_pid_tgid() >> 32 };
	struct turn *e;

	if (targ_ppid && task->real_parent->tgid != targ_ppid)
		return 0;
	bpf_map_pop_elem(&stack, &turn.last_pid);
	if (__sync_fetch_and_add(&execs, 1) >= BACK)
		bpf_map_pop_elem(&queue, &turn.oldest_pid);
	bpf_map_push_elem(&stack, &turn.pid, BPF_EXIST);
	bpf_map_push_elem(&queue, &turn.pid, BPF_EXIST);
	e = bpf_ringbuf_reserve(&turns, sizeof(*e), 0);
	if (!e)
		return 0;
	*e = turn;
	bpf_ringbuf_submit(e, 0);
	return 0;
}
