// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * offcputime.bpf.c - adds up the time that tasks are away from processors, by their stacks.
 */
#include <emf/bpf.h>

#include "offcputime_emf.h"
#include "stacks.h"

char LICENSE[] SEC("license") = "GPL";

#define MAX_TASKS 16384 /* away at the same time */
#define TASK_DEAD 0x80	/* include/linux/sched.h */
#define OWN_FRAMES 3	/* this program, and what the tracepoint calls it through */

const volatile __u32 pid;
const volatile __u64 min_time;

__u64 lost;   /* waits that had no room in the maps */

struct wait {
	struct offcputime_key key;
	__u32 pad;
	__u64 since;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_TASKS);
	__type(key, __u32); /* thread */
	__type(value, struct wait);
} waits SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, struct offcputime_key);
	__type(value, __u64); /* nanoseconds */
} counts SEC(".maps");

static __always_inline bool is_dead(struct task_struct *task)
{
	if (bpf_core_field_exists(task->__state))
		return BPF_CORE_READ(task, __state) & TASK_DEAD;
	return BPF_CORE_READ((struct task_struct___before_5_14 *)task, state) & TASK_DEAD;
}

/* It is still the one that runs: the stacks are its own. */
static __always_inline void leave(void *ctx, struct task_struct *task)
{
	__u32 thread = task->pid;
	struct wait wait = { .key.pid = task->tgid, .since = bpf_ktime_get_ns() };

	if (!thread || (pid && (__u32)task->tgid != pid) || is_dead(task) || !emf_is_wanted_task(task))
		return;
	wait.key.user = stack(ctx, !kernel_only, BPF_F_USER_STACK);
	wait.key.kernel = stack(ctx, !user_only, OWN_FRAMES);
	bpf_probe_read_kernel(wait.key.comm, sizeof(wait.key.comm), task->comm);
	if (bpf_map_update_elem(&waits, &thread, &wait, BPF_ANY))
		__sync_fetch_and_add(&lost, 1);
}

static __always_inline void add(const struct offcputime_key *key, __u64 took)
{
	__u64 *sum = bpf_map_lookup_elem(&counts, key);

	if (!sum && !bpf_map_update_elem(&counts, key, &took, BPF_NOEXIST))
		return;
	if (!sum)
		sum = bpf_map_lookup_elem(&counts, key);
	if (sum)
		__sync_fetch_and_add(sum, took);
	else
		__sync_fetch_and_add(&lost, 1);
}

SEC("tp_btf/sched_switch")
int BPF_PROG(on_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	__u32 thread = next->pid;
	struct wait *wait;
	__u64 took;

	leave(ctx, prev);
	wait = bpf_map_lookup_elem(&waits, &thread);
	if (!wait)
		return 0;
	took = bpf_ktime_get_ns() - wait->since;
	if (took >= min_time)
		add(&wait->key, took);
	bpf_map_delete_elem(&waits, &thread);
	return 0;
}
