// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * suspect.bpf.c - who runs something of a certain name, or was started by somebody who does.
 *
 * A mark stays until the process ends: to run something else does not help.
 */
#include "suspect.h"

#include "suspect_emf.h"

const volatile char name[16];
__u64 marked, unmarked; /* processes; those that the map had no room for */

static __always_inline void mark(__u32 pid)
{
	struct suspect_key key = { .pid = pid };
	struct suspect_mark value = { .since = bpf_ktime_get_ns() };

	if (bpf_map_update_elem(&suspects, &key, &value, BPF_ANY))
		__sync_fetch_and_add(&unmarked, 1);
	else
		__sync_fetch_and_add(&marked, 1);
}

SEC("raw_tp/sched_process_exec")
int on_exec(void *ctx)
{
	struct suspect_key key = { .pid = bpf_get_current_pid_tgid() >> 32 };
	char comm[sizeof(name)];

	if (!name[0] || bpf_get_current_comm(comm, sizeof(comm)) || bpf_map_lookup_elem(&suspects, &key))
		return 0;
	for (int i = 0; i < (int)sizeof(comm); i++) {
		if (comm[i] != name[i])
			return 0;
		if (!comm[i])
			break;
	}
	mark(key.pid);
	return 0;
}

SEC("raw_tp/sched_process_fork")
int on_fork(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *child = (struct task_struct *)ctx->args[1];
	struct suspect_key parent = { .pid = bpf_get_current_pid_tgid() >> 32 };
	__u32 pid = BPF_CORE_READ(child, tgid);

	/* A new thread is part of a process that has its mark. */
	if (pid != parent.pid && bpf_map_lookup_elem(&suspects, &parent))
		mark(pid);
	return 0;
}

SEC("raw_tp/sched_process_exit")
int on_exit(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (struct task_struct *)ctx->args[0];
	struct suspect_key key = { .pid = bpf_get_current_pid_tgid() >> 32 };

	/* The number may be given to another process then. The last thread counts: 0 are left. */
	if (!BPF_CORE_READ(task, signal, live.counter))
		bpf_map_delete_elem(&suspects, &key);
	return 0;
}
