// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * runqlat.bpf.c - how long tasks that could run had to wait for a processor:
 * from the wake-up, or from being switched out while still runnable, to running.
 */
#include <emf/bpf.h>

#include "runqlat_emf.h"
#include "log2.h"

char LICENSE[] SEC("license") = "GPL";

#define MAX_TASKS 65536     /* waiting at the same time */
#define MAX_PROCESSES 10240 /* with a histogram of their own */
#define TASK_RUNNING 0      /* include/linux/sched.h */

const volatile bool per_process = false;
const volatile __u32 pid = 0; /* only this process */

/* Since when a task waits. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_TASKS);
	__type(key, __u32); /* pid of the thread */
	__type(value, __u64);
} waiting SEC(".maps");

/* All tasks together. Per CPU and with interrupts off: plain additions. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct runqlat_hist);
} total SEC(".maps");

/* One for each process; threads of one may run on several CPUs, so atomic ones. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_PROCESSES);
	__type(key, __u32); /* tgid */
	__type(value, struct runqlat_process);
} processes SEC(".maps");

/* A new histogram. Never written. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct runqlat_process);
} empty SEC(".maps");

/* What could not be measured or counted because a map was full. */
__u64 lost_waits, lost_processes;

static __always_inline int starts_waiting(struct task_struct *task)
{
	__u32 thread = task->pid;
	__u64 now;

	if (!thread || (pid && (__u32)task->tgid != pid) || !emf_is_wanted_task(task))
		return 0;
	now = bpf_ktime_get_ns();
	if (bpf_map_update_elem(&waiting, &thread, &now, BPF_ANY))
		__sync_fetch_and_add(&lost_waits, 1);
	return 0;
}

static __always_inline bool is_runnable(struct task_struct *task)
{
	if (bpf_core_field_exists(task->__state))
		return BPF_CORE_READ(task, __state) == TASK_RUNNING;
	return BPF_CORE_READ((struct task_struct___before_5_14 *)task, state) == TASK_RUNNING;
}

static __always_inline void count_process(struct task_struct *task, __u32 slot)
{
	__u32 tgid = task->tgid, zero = 0;
	struct runqlat_process *hist, *fresh;

	hist = bpf_map_lookup_elem(&processes, &tgid);
	if (!hist) {
		fresh = bpf_map_lookup_elem(&empty, &zero);
		if (fresh)
			bpf_map_update_elem(&processes, &tgid, fresh, BPF_NOEXIST);
		hist = bpf_map_lookup_elem(&processes, &tgid);
		if (!hist) {
			__sync_fetch_and_add(&lost_processes, 1);
			return;
		}
	}
	__sync_fetch_and_add(&hist->slots[slot & (RUNQLAT_SLOTS - 1)], 1);
	bpf_probe_read_kernel(hist->comm, sizeof(hist->comm), task->comm);
}

SEC("tp_btf/sched_wakeup")
int BPF_PROG(on_wakeup, struct task_struct *task)
{
	return starts_waiting(task);
}

SEC("tp_btf/sched_wakeup_new")
int BPF_PROG(on_wakeup_new, struct task_struct *task)
{
	return starts_waiting(task);
}

SEC("tp_btf/sched_switch")
int BPF_PROG(on_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	__u32 thread = next->pid, zero = 0, slot;
	struct runqlat_hist *hist;
	__u64 *since, us;

	/* One that was preempted waits too, whatever state it was about to enter. */
	if (preempt || is_runnable(prev))
		starts_waiting(prev);
	since = bpf_map_lookup_elem(&waiting, &thread);
	if (!since)
		return 0;
	us = (bpf_ktime_get_ns() - *since) / 1000;
	bpf_map_delete_elem(&waiting, &thread);
	slot = log2_slot(us);
	if (slot >= RUNQLAT_SLOTS)
		slot = RUNQLAT_SLOTS - 1;
	if (per_process) {
		count_process(next, slot);
		return 0;
	}
	hist = bpf_map_lookup_elem(&total, &zero);
	if (hist)
		hist->slots[slot & (RUNQLAT_SLOTS - 1)]++;
	return 0;
}
