// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * exitsnoop.bpf.c - how processes end.
 */
#include <emf/bpf.h>

#include "exitsnoop_emf.h"

char LICENSE[] SEC("license") = "GPL";

#define MAX_ENDING 1024 /* processes whose last threads end at the same time */

const volatile __u32 pid;
const volatile bool failed;
const volatile bool threads;

/*
 * The last threads of a process count themselves out before they come here, so that
 * several may find that nobody is left. The first one tells; old entries go by themselves.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MAX_ENDING);
	__type(key, __u64); /* tgid, and when it began */
	__type(value, __u8);
} told SEC(".maps");

static __always_inline bool is_told(__u32 tgid, __u64 began)
{
	__u64 key = (__u64)tgid << 32 | (__u32)began;
	__u8 one = 1;

	return bpf_map_update_elem(&told, &key, &one, BPF_NOEXIST);
}

SEC("raw_tp/sched_process_exit")
int on_exit(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (struct task_struct *)ctx->args[0], *whose = task;
	__u64 thread = bpf_get_current_pid_tgid(), began;
	struct exitsnoop_exit *e;
	int code, group = 0;

	if (pid && pid != thread >> 32)
		return 0;
	if (!threads) {
		if (BPF_CORE_READ(task, signal, live.counter))
			return 0;
		whose = BPF_CORE_READ(task, group_leader);
		/* What the parent will read: that of the group, if one was set. */
		group = BPF_CORE_READ(task, signal, group_exit_code);
	}
	code = group ? group : BPF_CORE_READ(task, exit_code);
	if ((failed && !code) || !emf_is_wanted_task(whose))
		return 0;
	began = BPF_CORE_READ(whose, start_time);
	if (!threads && is_told(thread >> 32, began))
		return 0;
	e = exitsnoop_event_exit_reserve();
	if (!e)
		return 0;
	e->time = bpf_ktime_get_ns();
	e->age = e->time - began;
	e->pid = thread >> 32;
	e->tid = (__u32)thread;
	e->ppid = BPF_CORE_READ(task, real_parent, tgid);
	e->uid = (__u32)bpf_get_current_uid_gid();
	/* As wait(2) has it: the signal below, 0x80 for a core, the status above. */
	e->status = code >> 8 & 0xff;
	e->signal = code & 0x7f;
	e->core_dumped = !!(code & 0x80);
	__builtin_memset(e->pad, 0, sizeof(e->pad));
	BPF_CORE_READ_INTO(&e->comm, whose, comm);
	exitsnoop_event_exit_submit(e);
	return 0;
}
