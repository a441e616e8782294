// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * oomkill.bpf.c - whom the kernel kills since memory is short.
 *
 * Since Linux 6.9 the tracepoint has the process; before it has its number only. There the
 * process is known from the signal, which the same thread has sent just before.
 */
#include <emf/bpf.h>

#include "oomkill_emf.h"

char LICENSE[] SEC("license") = "GPL";

#define MAX_KILLERS 256 /* threads that kill at the same time */
#define SIGKILL 9
#define SEND_SIG_PRIV 1 /* from the kernel: include/linux/sched/signal.h */

/* include/linux/mm_types_task.h */
#define MM_FILEPAGES 0
#define MM_ANONPAGES 1
#define MM_SHMEMPAGES 3

const volatile __u32 emf_page_bytes; /* the product writes it */

struct trace_event_raw_mark_victim {
	unsigned long total_vm;
} __attribute__((preserve_access_index));

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MAX_KILLERS);
	__type(key, __u64); /* thread */
	__type(value, __u64); /* address of the task that it killed last */
} victims SEC(".maps");

static __always_inline bool has_task(void)
{
	return bpf_core_field_exists(struct trace_event_raw_mark_victim, total_vm);
}

/* A macro: what is relocated is written out, and cannot be a variable. */
#define pages(mm, which) \
	not_negative(has_old_counters() ? BPF_CORE_READ((const struct mm_struct___before_6_2 *)(mm), rss_stat.count[which].counter) : \
					  BPF_CORE_READ(mm, rss_stat[which].count))

static __always_inline bool has_old_counters(void)
{
	return bpf_core_field_exists(((struct mm_struct___before_6_2 *)0)->rss_stat.count);
}

/* What processors have not yet added may make it less than none. */
static __always_inline __u64 not_negative(__s64 n)
{
	return n > 0 ? (__u64)n : 0;
}

SEC("raw_tp/signal_generate")
int on_signal(struct bpf_raw_tracepoint_args *ctx)
{
	__u64 thread = bpf_get_current_pid_tgid(), task = ctx->args[2];

	if (has_task() || ctx->args[0] != SIGKILL || ctx->args[1] != SEND_SIG_PRIV)
		return 0;
	/* The oldest one goes where there is no room: it has been told long since. */
	bpf_map_update_elem(&victims, &thread, &task, BPF_ANY);
	return 0;
}

static __always_inline void describe(struct oomkill_kill *e, const struct task_struct *task)
{
	const struct mm_struct *mm = BPF_CORE_READ(task, mm);

	e->uid = BPF_CORE_READ(task, real_cred, uid.val);
	BPF_CORE_READ_INTO(&e->comm, task, comm);
	e->total_vm = BPF_CORE_READ(mm, total_vm) * emf_page_bytes;
	e->rss = (pages(mm, MM_FILEPAGES) + pages(mm, MM_ANONPAGES) + pages(mm, MM_SHMEMPAGES)) * emf_page_bytes;
}

SEC("raw_tp/mark_victim")
int on_victim(struct bpf_raw_tracepoint_args *ctx)
{
	__u64 thread = bpf_get_current_pid_tgid(), *known = has_task() ? NULL : bpf_map_lookup_elem(&victims, &thread);
	const struct task_struct *task = NULL;
	struct oomkill_kill *e;

	/* One that was ending anyway gets no signal, and keeps its number only. */
	if (has_task())
		task = (const struct task_struct *)ctx->args[0];
	else if (known && BPF_CORE_READ((const struct task_struct *)*known, pid) == (int)ctx->args[0])
		task = (const struct task_struct *)*known;
	if (task ? !emf_is_wanted_task(task) : emf_wants_some())
		return 0;
	e = oomkill_event_kill_reserve();
	if (!e)
		return 0;
	__builtin_memset(e, 0, sizeof(*e));
	e->time = bpf_ktime_get_ns();
	e->by_pid = thread >> 32;
	bpf_get_current_comm(e->by_comm, sizeof(e->by_comm));
	e->pid = task ? (__u32)BPF_CORE_READ(task, tgid) : (__u32)ctx->args[0];
	if (task)
		describe(e, task);
	oomkill_event_kill_submit(e);
	return 0;
}
