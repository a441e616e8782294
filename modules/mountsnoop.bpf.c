// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * mountsnoop.bpf.c - what is mounted and unmounted.
 */
#include <emf/bpf.h>

#include "mountsnoop_emf.h"
#include "syscalls.h"

char LICENSE[] SEC("license") = "GPL";

#define MAX_CALLS 1024 /* threads that mount at the same time */

/* include/uapi/linux/mount.h: older programs put it above the flags. */
#define MS_MGC_VAL 0xC0ED0000
#define MS_MGC_MSK 0xffff0000

const volatile __u32 pid;
const volatile bool failed;

struct call {
	__u64 since;
	__u64 source, target, type; /* where the texts stand in the process */
	__u32 call;
	__u32 flags;
};

SYSCALLS_MAP(MAX_CALLS);

static __always_inline int enter(struct call *call)
{
	if ((pid && pid != bpf_get_current_pid_tgid() >> 32) || !emf_is_wanted())
		return 0;
	call->since = bpf_ktime_get_ns();
	if (!syscalls_begin(&calls, call))
		mountsnoop_event_mount_lost();
	return 0;
}

static __always_inline int leave(long result)
{
	struct call call;
	struct mountsnoop_mount *e;

	if (!syscalls_end(&calls, &call, sizeof(call)))
		return 0;
	if (failed && result >= 0)
		return 0;
	e = mountsnoop_event_mount_reserve();
	if (!e)
		return 0;
	e->time = bpf_ktime_get_ns();
	e->took = e->time - call.since;
	e->pid = bpf_get_current_pid_tgid() >> 32;
	e->call = call.call;
	e->result = result < 0 ? (__s32)result : 0; /* of fsopen a file descriptor */
	e->flags = call.call == MOUNTSNOOP_CALL_MOUNT ? call.flags : 0;
	e->umount_flags = call.call == MOUNTSNOOP_CALL_UMOUNT ? call.flags : 0;
	/* The kernel has read them by now, so that they are in memory. */
	e->cut = syscalls_text(e->type, sizeof(e->type), (void *)call.type);
	e->cut |= syscalls_text(e->source, sizeof(e->source), (void *)call.source);
	e->cut |= syscalls_text(e->target, sizeof(e->target), (void *)call.target);
	__builtin_memset(e->pad, 0, sizeof(e->pad));
	bpf_get_current_comm(e->comm, sizeof(e->comm));
	mountsnoop_event_mount_submit(e);
	return 0;
}

SEC("tracepoint/syscalls/sys_enter_mount")
int on_mount(struct trace_event_raw_sys_enter *ctx)
{
	struct call call = { .call = MOUNTSNOOP_CALL_MOUNT, .source = ctx->args[0], .target = ctx->args[1],
			     .type = ctx->args[2], .flags = (__u32)ctx->args[3] };

	if ((call.flags & MS_MGC_MSK) == MS_MGC_VAL)
		call.flags &= ~MS_MGC_MSK;
	return enter(&call);
}

SYSCALLS_RETURN(mount)

SEC("tracepoint/syscalls/sys_enter_umount") /* of umount2(2) */
int on_umount(struct trace_event_raw_sys_enter *ctx)
{
	struct call call = { .call = MOUNTSNOOP_CALL_UMOUNT, .target = ctx->args[0], .flags = (__u32)ctx->args[1] };

	return enter(&call);
}

SYSCALLS_RETURN(umount)

SEC("tracepoint/syscalls/sys_enter_fsopen")
int on_fsopen(struct trace_event_raw_sys_enter *ctx)
{
	struct call call = { .call = MOUNTSNOOP_CALL_FSOPEN, .type = ctx->args[0] };

	return enter(&call);
}

SYSCALLS_RETURN(fsopen)

SEC("tracepoint/syscalls/sys_enter_move_mount")
int on_move_mount(struct trace_event_raw_sys_enter *ctx)
{
	struct call call = { .call = MOUNTSNOOP_CALL_MOVE_MOUNT, .source = ctx->args[1], .target = ctx->args[3] };

	return enter(&call);
}

SYSCALLS_RETURN(move_mount)
