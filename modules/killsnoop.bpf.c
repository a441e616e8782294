// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * killsnoop.bpf.c - who signals whom.
 */
#include <emf/bpf.h>

#include "killsnoop_emf.h"
#include "syscalls.h"

char LICENSE[] SEC("license") = "GPL";

#define MAX_CALLS 4096 /* threads that send a signal at the same time */

/* include/linux/sched/signal.h, include/trace/events/signal.h, include/uapi/asm-generic/errno-base.h */
#define SEND_SIG_PRIV 1
#define TRACE_SIGNAL_OVERFLOW_FAIL 3
#define EAGAIN 11

const volatile __u32 pid;
const volatile __s32 signal;
const volatile bool failed;
const volatile bool kernel;

struct kernel_siginfo {
	int si_code;
} __attribute__((preserve_access_index));

struct call {
	__u32 by;
	__s32 target;
	__s32 signal;
};

SYSCALLS_MAP(MAX_CALLS);

static __always_inline bool is_wanted(__s32 number)
{
	return (!pid || pid == bpf_get_current_pid_tgid() >> 32) && (!signal || signal == number);
}

static __always_inline int send(const struct call *call, long result)
{
	struct killsnoop_signal *e;

	if (failed && !result)
		return 0;
	e = killsnoop_event_signal_reserve();
	if (!e)
		return 0;
	e->time = bpf_ktime_get_ns();
	e->pid = bpf_get_current_pid_tgid() >> 32;
	e->uid = (__u32)bpf_get_current_uid_gid();
	e->by = call->by;
	e->target = call->target;
	e->signal = call->signal;
	e->result = (__s32)result;
	bpf_get_current_comm(e->comm, sizeof(e->comm));
	killsnoop_event_signal_submit(e);
	return 0;
}

static __always_inline int enter(__u32 by, unsigned long target, unsigned long number)
{
	struct call call = { .by = by, .target = (__s32)target, .signal = (__s32)number };

	if (is_wanted(call.signal) && emf_is_wanted() && !syscalls_begin(&calls, &call))
		killsnoop_event_signal_lost();
	return 0;
}

static __always_inline int leave(long result)
{
	struct call call;

	if (!syscalls_end(&calls, &call, sizeof(call)))
		return 0;
	return send(&call, result);
}

SEC("tracepoint/syscalls/sys_enter_kill")
int on_kill(struct trace_event_raw_sys_enter *ctx)
{
	return enter(KILLSNOOP_BY_KILL, ctx->args[0], ctx->args[1]);
}

SYSCALLS_RETURN(kill)

SEC("tracepoint/syscalls/sys_enter_tkill")
int on_tkill(struct trace_event_raw_sys_enter *ctx)
{
	return enter(KILLSNOOP_BY_TKILL, ctx->args[0], ctx->args[1]);
}

SYSCALLS_RETURN(tkill)

SEC("tracepoint/syscalls/sys_enter_tgkill")
int on_tgkill(struct trace_event_raw_sys_enter *ctx)
{
	return enter(KILLSNOOP_BY_TGKILL, ctx->args[0], ctx->args[2]);
}

SYSCALLS_RETURN(tgkill)

SEC("raw_tp/signal_generate")
int on_signal(struct bpf_raw_tracepoint_args *ctx)
{
	const struct kernel_siginfo *info = (const void *)ctx->args[1];
	struct task_struct *task = (struct task_struct *)ctx->args[2];
	struct call call = { .by = KILLSNOOP_BY_KERNEL, .signal = (__s32)ctx->args[0] };

	if (!kernel || !is_wanted(call.signal) || !emf_is_wanted())
		return 0;
	/* Of a process it is 0 or less; SEND_SIG_NOINFO, 0, is a process, too. */
	if (!info || ((__u64)info != SEND_SIG_PRIV && BPF_CORE_READ(info, si_code) <= 0))
		return 0;
	call.target = BPF_CORE_READ(task, tgid);
	return send(&call, ctx->args[4] == TRACE_SIGNAL_OVERFLOW_FAIL ? -EAGAIN : 0);
}
