// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Two types in one ring buffer, told apart by their first member: each has its line. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

enum event_type { EVENT_FORK = 1, EVENT_EXEC };

struct fork_event {
	enum event_type type;
	pid_t parent;
	pid_t child;
};

struct exec_event {
	enum event_type type;
	pid_t pid;
	char comm[TASK_COMM_LEN];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 16);
} events SEC(".maps");

EMF_EVENT(events, struct fork_event, EVENT_FORK);
EMF_EVENT(events, struct exec_event, EVENT_EXEC);

SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_fork, struct task_struct *parent, struct task_struct *child)
{
	struct fork_event *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);

	if (!e)
		return 0;
	e->type = EVENT_FORK;
	e->parent = parent->tgid;
	e->child = child->tgid;
	bpf_ringbuf_submit(e, 0);
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task)
{
	struct exec_event *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);

	if (!e)
		return 0;
	e->type = EVENT_EXEC;
	e->pid = task->tgid;
	bpf_get_current_comm(e->comm, sizeof(e->comm));
	bpf_ringbuf_submit(e, 0);
	return 0;
}
