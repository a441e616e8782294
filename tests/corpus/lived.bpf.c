// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* How long a program ran, from its exec on: kept with the task itself, so that no map can be full. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

struct start {
	u64 ts;
	u32 execs;
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct start);
} starts SEC(".maps");

struct event {
	pid_t pid;
	u32 execs;
	u64 lived_ns;
	char comm[TASK_COMM_LEN];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} rb SEC(".maps");

const volatile u64 min_lived_ns = 0;

SEC("tp_btf/sched_process_exec")
int BPF_PROG(handle_exec, struct task_struct *task)
{
	struct start *start = bpf_task_storage_get(&starts, task, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (!start)
		return 0;
	start->ts = bpf_ktime_get_ns();
	start->execs++;
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(handle_exit, struct task_struct *task)
{
	struct start *start = bpf_task_storage_get(&starts, task, NULL, 0);
	struct event *e;
	u64 lived;

	if (!start)
		return 0;
	lived = bpf_ktime_get_ns() - start->ts;
	if (lived < min_lived_ns)
		return 0;
	e = bpf_ringbuf_reserve(&rb, sizeof(*e), 0);
	if (!e)
		return 0;
	e->pid = task->tgid;
	e->execs = start->execs;
	e->lived_ns = lived;
	bpf_probe_read_kernel_str(e->comm, sizeof(e->comm), task->comm);
	bpf_ringbuf_submit(e, 0);
	return 0;
}
