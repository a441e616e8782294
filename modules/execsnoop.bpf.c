// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * execsnoop.bpf.c - who starts what.
 *
 * A successful exec is seen after the fact, at sched_process_exec: its arguments
 * are read from the new process image, so what is shown is what the program got.
 * A failed one leaves the caller as it was: what it asked for is read when the system
 * call comes back, and only on request, because those tracepoints cost every system call.
 */
#include <emf/bpf.h>

#define EXECSNOOP_EVENT_EXEC_BYTES (1024 * 1024)
#include "execsnoop_emf.h"
#include "syscalls.h"

#define MAX_PROCESSES 65536 /* started by exec and not yet ended */
#define MAX_CALLS 256	    /* threads inside execve at the same time */
#define MAX_ARGS 32	    /* of a failed exec; a loop that 5.10 still unrolls */
#define ARG_MAX_BYTES (EXECSNOOP_ARGS_LONG / 2 - 1) /* of one of them */

const volatile bool exits = true;
const volatile bool failed = false;

/* When each process did its last exec. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_PROCESSES);
	__type(key, __u32); /* tgid */
	__type(value, __u64);
} started SEC(".maps");

struct call {
	const char *file;
	const char *const *argv;
};

/* What an exec was called with, in case it fails. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_CALLS);
	__type(key, __u64); /* thread */
	__type(value, struct call);
} calls SEC(".maps");

static __always_inline void fill(struct execsnoop_exec *e, __u32 what, int result)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();

	__builtin_memset(e, 0, __builtin_offsetof(struct execsnoop_exec, args));
	e->time = bpf_ktime_get_ns();
	e->what = what;
	e->pid = bpf_get_current_pid_tgid() >> 32;
	e->ppid = BPF_CORE_READ(task, real_parent, tgid);
	e->uid = (__u32)bpf_get_current_uid_gid();
	e->result = result;
	bpf_get_current_comm(e->comm, sizeof(e->comm));
}

/* Reserving takes a constant @room, so there are two. */
static __always_inline void send_exec(unsigned long args, __u32 len, __u32 room)
{
	struct execsnoop_exec *e = execsnoop_event_exec_reserve_cut(room);

	if (!e)
		return;
	fill(e, EXECSNOOP_WHAT_EXEC, 0);
	/* One register for the check and the use, or the verifier loses the bound. */
	barrier_var(len);
	if (len <= room)
		e->args_len = bpf_probe_read_user(e->args, len, (void *)args) ? 0 : len;
	else if (!bpf_probe_read_user(e->args, room, (void *)args))
		e->args_len = e->args[room - 1] ? room : room - 1; /* a NUL at the end would say that it is all */
	execsnoop_event_exec_submit(e);
}

SEC("raw_tp/sched_process_exec")
int on_exec(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (struct task_struct *)ctx->args[0];
	__u32 tgid = bpf_get_current_pid_tgid() >> 32;
	/* A thread that was not the first has become it: sys_exit has its new number. */
	__u64 now = bpf_ktime_get_ns(), thread = (__u64)tgid << 32 | (__u32)ctx->args[1];
	/* The kernel allows 2 GiB at most, so 32 bits hold the length. */
	unsigned long start = BPF_CORE_READ(task, mm, arg_start), end = BPF_CORE_READ(task, mm, arg_end), len = end > start ? end - start : 0;

	if (!emf_is_wanted())
		return 0;
	if (len <= EXECSNOOP_ARGS_SHORT)
		send_exec(start, len, EXECSNOOP_ARGS_SHORT);
	else
		send_exec(start, len, EXECSNOOP_ARGS_LONG);
	/* The exit that will not be told for want of room is lost, too. */
	if (exits && bpf_map_update_elem(&started, &tgid, &now, BPF_ANY))
		execsnoop_event_exec_lost();
	if (failed)
		bpf_map_delete_elem(&calls, &thread);
	return 0;
}

SEC("raw_tp")
int on_end(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (struct task_struct *)ctx->args[0];
	__u32 tgid = bpf_get_current_pid_tgid() >> 32;
	__u64 *since = bpf_map_lookup_elem(&started, &tgid), took;
	struct execsnoop_exec *e;

	/* The kernel counts a thread out before it comes here: 0 is the last one. */
	if (!since || BPF_CORE_READ(task, signal, live.counter))
		return 0;
	took = bpf_ktime_get_ns() - *since;
	/* Two threads that end together may both see 0; one of them deletes. */
	if (bpf_map_delete_elem(&started, &tgid))
		return 0;
	e = execsnoop_event_exec_reserve_cut(0);
	if (!e)
		return 0;
	/* The status that the parent will read: that of the group, if one was set. */
	fill(e, EXECSNOOP_WHAT_EXIT, BPF_CORE_READ(task, signal, group_exit_code) ?: BPF_CORE_READ(task, exit_code));
	e->took = took;
	execsnoop_event_exec_submit(e);
	return 0;
}

/* --- exec that fails ----------------------------------------------------------- */

/* In the middle of an exec. */
SEC("raw_tp")
int on_killed(void *ctx)
{
	__u64 thread = bpf_get_current_pid_tgid();

	bpf_map_delete_elem(&calls, &thread);
	return 0;
}

SEC("raw_tp")
int on_enter(struct bpf_raw_tracepoint_args *ctx)
{
	struct pt_regs *regs = (struct pt_regs *)ctx->args[0];
	__u64 thread = bpf_get_current_pid_tgid();
	bool at = ctx->args[1] == SYSCALLS_EXECVEAT;
	struct call call;

	if ((!at && ctx->args[1] != SYSCALLS_EXECVE) || compat_is() || !emf_is_wanted())
		return 0;
	call.file = (void *)(at ? PT_REGS_PARM2_CORE_SYSCALL(regs) : PT_REGS_PARM1_CORE_SYSCALL(regs));
	call.argv = (void *)(at ? PT_REGS_PARM3_CORE_SYSCALL(regs) : PT_REGS_PARM2_CORE_SYSCALL(regs));
	if (bpf_map_update_elem(&calls, &thread, &call, BPF_ANY))
		execsnoop_event_exec_lost();
	return 0;
}

/* What was asked for, then its arguments; argv[0] is only what it was told to be. Cut ones have no NUL at their end. */
static __always_inline void read_args(struct execsnoop_exec *e, const struct call *call)
{
	const char *arg = call->file;
	bool cut = false;
	__u32 at = 0;

	for (int i = 0; i <= MAX_ARGS; i++) {
		long n;

		if (i > 0 && (bpf_probe_read_user(&arg, sizeof(arg), &call->argv[i]) || !arg))
			break;
		/* Half of the buffer for one argument keeps the verifier content. */
		cut |= i == MAX_ARGS || at > EXECSNOOP_ARGS_LONG / 2;
		if (i == MAX_ARGS || at > EXECSNOOP_ARGS_LONG / 2)
			break;
		n = bpf_probe_read_user_str(&e->args[at], ARG_MAX_BYTES, arg);
		if (n <= 0)
			break;
		at += n;
		cut |= n == ARG_MAX_BYTES;
	}
	e->args_len = cut && at ? at - 1 : at;
}

SEC("raw_tp")
int on_return(struct bpf_raw_tracepoint_args *ctx)
{
	__u64 thread = bpf_get_current_pid_tgid();
	struct call *known = bpf_map_lookup_elem(&calls, &thread), call;
	struct execsnoop_exec *e;

	if (!known)
		return 0;
	call = *known;
	bpf_map_delete_elem(&calls, &thread);
	e = (long)ctx->args[1] < 0 ? execsnoop_event_exec_reserve() : NULL;
	if (!e)
		return 0;
	fill(e, EXECSNOOP_WHAT_EXEC, (int)ctx->args[1]);
	read_args(e, &call);
	execsnoop_event_exec_submit(e);
	return 0;
}
