// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * cpudist.bpf.c - how long tasks ran before they left their processor, or how long they were away from one.
 */
#include <emf/bpf.h>

#include "log2.h"

char LICENSE[] SEC("license") = "GPL";
EMF_DOC("show how long tasks run before they leave their processor, or are away from one, as a histogram");

#define MAX_TASKS 65536     /* away at the same time */
#define MAX_PROCESSES 10240 /* with a histogram of their own */
#define TASK_DEAD 0x80	    /* include/linux/sched.h */

const volatile __u32 pid = 0;
EMF_PARAM(pid, "only this process");
const volatile bool off_cpu = false;
EMF_PARAM(off_cpu, "how long tasks were away, asleep or waiting for a processor, instead of how long they ran");
const volatile bool per_process = false;
EMF_PARAM(per_process, "a histogram for each process");

enum lost {
	TASKS,	   /* times away of tasks beyond what the map holds */
	PROCESSES, /* of processes that have no histogram */
};
#include "lost.h"

/* When this processor changed its task. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} changed SEC(".maps");

/* Since when a task is away. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_TASKS);
	__type(key, __u32); /* thread */
	__type(value, __u64);
} away SEC(".maps");

struct hist {
	__u64 slots[LOG2_SLOTS];
	char comm[16];
};

struct all_hist {
	__u64 slots[LOG2_SLOTS];
};

/* Never printed as a key, and so a map that can be per CPU: a hash of one. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 1);
	__type(key, __s32); /* -1 */
	__type(value, struct all_hist);
} all SEC(".maps");
EMF_HIST(all, "usecs");
EMF_IF(all, !per_process);

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_PROCESSES);
	__type(key, __u32); /* process */
	__type(value, struct hist);
} processes SEC(".maps");
EMF_HIST(processes, "usecs");
EMF_IF(processes, per_process);

/* New ones, which the stack has no room for. Never written. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct hist);
} empty SEC(".maps");
EMF_IF(empty, per_process);

static __always_inline void count_all(__u32 slot)
{
	__s32 key = -1;
	__u32 zero = 0;
	struct all_hist *hist = bpf_map_lookup_elem(&all, &key);
	void *fresh;

	if (!hist) {
		fresh = bpf_map_lookup_elem(&empty, &zero);
		if (fresh)
			bpf_map_update_elem(&all, &key, fresh, BPF_NOEXIST);
		hist = bpf_map_lookup_elem(&all, &key);
	}
	if (hist)
		hist->slots[slot]++; /* of this CPU, with interrupts off */
}

static __always_inline void count_process(const struct task_struct *task, __u32 slot)
{
	__u32 tgid = task->tgid, zero = 0;
	struct hist *hist = bpf_map_lookup_elem(&processes, &tgid), *fresh;

	if (!hist) {
		fresh = bpf_map_lookup_elem(&empty, &zero);
		if (fresh)
			bpf_map_update_elem(&processes, &tgid, fresh, BPF_NOEXIST);
		hist = bpf_map_lookup_elem(&processes, &tgid);
	}
	if (!hist) {
		count_lost(PROCESSES);
		return;
	}
	__sync_fetch_and_add(&hist->slots[slot], 1);
	bpf_probe_read_kernel(hist->comm, sizeof(hist->comm), task->comm);
}

static __always_inline void count(const struct task_struct *task, __u64 took)
{
	__u32 slot = log2_slot(took / 1000);

	if (per_process)
		count_process(task, slot);
	else
		count_all(slot);
}

/* Processors have a task each that does nothing: that one does not count. */
static __always_inline bool is_wanted(const struct task_struct *task)
{
	return task->pid && (!pid || (__u32)task->tgid == pid) && emf_is_wanted_task(task);
}

static __always_inline bool is_dead(struct task_struct *task)
{
	if (bpf_core_field_exists(task->__state))
		return BPF_CORE_READ(task, __state) & TASK_DEAD;
	return BPF_CORE_READ((struct task_struct___before_5_14 *)task, state) & TASK_DEAD;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(on_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	__u64 now = bpf_ktime_get_ns(), *since;
	__u32 zero = 0, gone = prev->pid, come = next->pid;

	if (!off_cpu) {
		since = bpf_map_lookup_elem(&changed, &zero);
		if (!since)
			return 0;
		if (*since && is_wanted(prev))
			count(prev, now - *since);
		*since = now;
		return 0;
	}
	if (is_wanted(prev) && !is_dead(prev) && bpf_map_update_elem(&away, &gone, &now, BPF_ANY))
		count_lost(TASKS);
	since = is_wanted(next) ? bpf_map_lookup_elem(&away, &come) : NULL;
	if (!since)
		return 0;
	count(next, now - *since);
	bpf_map_delete_elem(&away, &come);
	return 0;
}
