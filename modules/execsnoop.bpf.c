// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * execsnoop.bpf.c - who starts what.
 *
 * A successful exec is seen after the fact, at sched_process_exec: its arguments
 * are read from the new process image, so what is shown is what the program got.
 * A failed one leaves no image; it is caught between the system call's entry and
 * exit, and only on request, because those tracepoints cost every system call.
 */
#include <emf/bpf.h>

#define EXECSNOOP_EVENT_EXEC_BYTES (1024 * 1024)
#include "execsnoop_emf.h"

char LICENSE[] SEC("license") = "GPL";

#define MAX_PROCESSES 65536 /* started by exec and not yet ended */
#define MAX_CALLS 256       /* threads inside execve at the same time */
#define MAX_ARGS 32         /* of a failed exec; a loop that 5.10 still unrolls */
#define ARG_MAX_BYTES (EXECSNOOP_ARGS_LONG / 2 - 1) /* of one of them */

/* Numbers of the system calls, which differ between processors; set by user space. */
const volatile __s64 nr_execve = -1;
const volatile __s64 nr_execveat = -1;
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
	__u32 args_len;
	__u32 args_cut;
	char args[EXECSNOOP_ARGS_LONG];
};

/*
 * What an exec was called with, in case it fails. Allocated before it is needed: older
 * kernels warn of, and real-time ones refuse, allocation in a tracing program.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_CALLS);
	__type(key, __u64); /* thread */
	__type(value, struct call);
} calls SEC(".maps");

/* A value for new calls: it is too large for the stack. Never written. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct call);
} no_call SEC(".maps");

static __always_inline void fill(struct execsnoop_exec *e, __u32 kind, int result)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();

	e->time = bpf_ktime_get_ns();
	e->took = 0;
	e->kind = kind;
	e->pid = bpf_get_current_pid_tgid() >> 32;
	e->ppid = BPF_CORE_READ(task, real_parent, tgid);
	e->uid = (__u32)bpf_get_current_uid_gid();
	e->result = result;
	e->args_len = 0;
	e->args_cut = 0;
	__builtin_memset(e->pad, 0, sizeof(e->pad));
	bpf_get_current_comm(e->comm, sizeof(e->comm));
}

/* Reserving takes a constant, so there are two sizes. */
static __always_inline void send_exec(unsigned long args, unsigned long args_len)
{
	struct execsnoop_exec *e;
	/* The kernel allows 2 GiB at most, so 32 bits hold it. */
	__u32 len = args_len;

	/* One register for the checks and the use, or the verifier loses the bound. */
	barrier_var(len);
	if (len <= EXECSNOOP_ARGS_SHORT) {
		e = execsnoop_event_exec_reserve_cut(EXECSNOOP_ARGS_SHORT);
		if (!e)
			return;
		fill(e, EXECSNOOP_KIND_EXEC, 0);
		if (!bpf_probe_read_user(e->args, len, (void *)args))
			e->args_len = len;
	} else {
		e = execsnoop_event_exec_reserve();
		if (!e)
			return;
		fill(e, EXECSNOOP_KIND_EXEC, 0);
		e->args_cut = len > EXECSNOOP_ARGS_LONG;
		if (len > EXECSNOOP_ARGS_LONG)
			len = EXECSNOOP_ARGS_LONG;
		if (!bpf_probe_read_user(e->args, len, (void *)args))
			e->args_len = len;
	}
	execsnoop_event_exec_submit(e);
}

SEC("raw_tp/sched_process_exec")
int on_exec(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (struct task_struct *)ctx->args[0];
	__u32 tgid = bpf_get_current_pid_tgid() >> 32;
	unsigned long start = BPF_CORE_READ(task, mm, arg_start);
	unsigned long end = BPF_CORE_READ(task, mm, arg_end);
	__u64 now = bpf_ktime_get_ns();

	send_exec(start, end > start ? end - start : 0);
	/* The exit that will not be told for want of room is lost, too. */
	if (exits && bpf_map_update_elem(&started, &tgid, &now, BPF_ANY))
		execsnoop_event_exec_lost();
	if (failed) {
		/* A thread that was not the first has become it: sys_exit has its new number. */
		__u64 thread = (__u64)tgid << 32 | (__u32)ctx->args[1];

		bpf_map_delete_elem(&calls, &thread);
	}
	return 0;
}

/* The status that the parent will read: that of the group, if one was set. */
static __always_inline int exit_status(struct task_struct *task)
{
	int group = BPF_CORE_READ(task, signal, group_exit_code);

	return group ? group : BPF_CORE_READ(task, exit_code);
}

SEC("raw_tp/sched_process_exit")
int on_exit(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (struct task_struct *)ctx->args[0];
	__u32 tgid = bpf_get_current_pid_tgid() >> 32;
	__u64 thread = bpf_get_current_pid_tgid();
	struct execsnoop_exec *e;
	__u64 *since, took;

	if (failed) /* killed in the middle of an exec */
		bpf_map_delete_elem(&calls, &thread);
	/* The kernel counts a thread out before it comes here: 0 is the last one. */
	if (BPF_CORE_READ(task, signal, live.counter))
		return 0;
	since = bpf_map_lookup_elem(&started, &tgid);
	if (!since)
		return 0;
	took = bpf_ktime_get_ns() - *since;
	/* Two threads that end together may both see 0; one of them deletes. */
	if (bpf_map_delete_elem(&started, &tgid))
		return 0;
	e = execsnoop_event_exec_reserve_cut(0);
	if (!e)
		return 0;
	fill(e, EXECSNOOP_KIND_EXIT, exit_status(task));
	e->took = took;
	execsnoop_event_exec_submit(e);
	return 0;
}

/* --- exec that fails ----------------------------------------------------------- */

/* A 32-bit caller on a 64-bit kernel has other system call numbers. */
static __always_inline bool is_compat(void)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();

#ifdef __TARGET_ARCH_x86
	return BPF_CORE_READ(task, thread_info.status) & 0x2; /* TS_COMPAT, asm/thread_info.h */
#elif defined(__TARGET_ARCH_arm64)
	return BPF_CORE_READ(task, thread_info.flags) & (1 << 22); /* TIF_32BIT, asm/thread_info.h */
#else
	return false;
#endif
}

/* What was asked for, then its arguments; argv[0] is only what it was told to be. */
static __always_inline void read_args(struct call *call, const char *file, const char *const *argv)
{
	const char *arg = file;
	__u32 at = 0;
	long n;

	for (int i = 0; i < MAX_ARGS; i++) {
		if (i > 0 && (bpf_probe_read_user(&arg, sizeof(arg), &argv[i]) || !arg))
			return;
		/* Half of the buffer for one argument keeps the verifier content. */
		if (at > EXECSNOOP_ARGS_LONG / 2) {
			call->args_cut = 1;
			return;
		}
		n = bpf_probe_read_user_str(&call->args[at], ARG_MAX_BYTES, arg);
		if (n <= 0)
			return;
		at += n;
		call->args_len = at;
		if (n == ARG_MAX_BYTES)
			call->args_cut = 1;
	}
	if (!bpf_probe_read_user(&arg, sizeof(arg), &argv[MAX_ARGS]) && arg)
		call->args_cut = 1;
}

SEC("raw_tp/sys_enter")
int on_enter(struct bpf_raw_tracepoint_args *ctx)
{
	struct pt_regs *regs = (struct pt_regs *)ctx->args[0];
	__u64 thread = bpf_get_current_pid_tgid();
	const char *const *argv;
	const char *file;
	struct call *call;
	__u32 zero = 0;

	if ((long)ctx->args[1] != nr_execve && (long)ctx->args[1] != nr_execveat)
		return 0;
	if (is_compat())
		return 0;
	if ((long)ctx->args[1] == nr_execve) {
		file = (void *)PT_REGS_PARM1_CORE_SYSCALL(regs);
		argv = (void *)PT_REGS_PARM2_CORE_SYSCALL(regs);
	} else {
		file = (void *)PT_REGS_PARM2_CORE_SYSCALL(regs);
		argv = (void *)PT_REGS_PARM3_CORE_SYSCALL(regs);
	}
	call = bpf_map_lookup_elem(&no_call, &zero);
	if (!call)
		return 0;
	if (bpf_map_update_elem(&calls, &thread, call, BPF_ANY)) {
		execsnoop_event_exec_lost();
		return 0;
	}
	call = bpf_map_lookup_elem(&calls, &thread);
	if (call)
		read_args(call, file, argv);
	return 0;
}

SEC("raw_tp/sys_exit")
int on_return(struct bpf_raw_tracepoint_args *ctx)
{
	__u64 thread = bpf_get_current_pid_tgid();
	struct execsnoop_exec *e;
	struct call *call;
	__u32 len;

	call = bpf_map_lookup_elem(&calls, &thread);
	if (!call)
		return 0;
	if ((long)ctx->args[1] < 0) {
		e = execsnoop_event_exec_reserve();
		if (e) {
			fill(e, EXECSNOOP_KIND_EXEC, (int)ctx->args[1]);
			len = call->args_len;
			barrier_var(len);
			if (len > EXECSNOOP_ARGS_LONG)
				len = EXECSNOOP_ARGS_LONG;
			bpf_probe_read_kernel(e->args, len, call->args);
			e->args_len = len;
			e->args_cut = call->args_cut;
			execsnoop_event_exec_submit(e);
		}
	}
	bpf_map_delete_elem(&calls, &thread);
	return 0;
}
