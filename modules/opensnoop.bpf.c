// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * opensnoop.bpf.c - files that are opened.
 */
#include <emf/bpf.h>

#define OPENSNOOP_EVENT_OPEN_BYTES (1024 * 1024) /* a process that starts opens many at once */
#include "opensnoop_emf.h"
#include "syscalls.h"

char LICENSE[] SEC("license") = "GPL";

#define MAX_CALLS 8192 /* threads that open a file at the same time */

const volatile __u32 pid;
const volatile bool failed;

struct call {
	__u64 path; /* where it stands in the process */
	__u32 flags;
	__u32 pad;
};

SYSCALLS_MAP(MAX_CALLS);

/* The flags as x86 and most others have them. */
static __always_inline __u32 common_flags(__u32 flags)
{
#ifdef __TARGET_ARCH_arm64 /* arch/arm64/include/uapi/asm/fcntl.h */
	static const __u32 bits[][2] = {
		{ 0x10000, OPENSNOOP_OPEN_FLAGS_DIRECT },
		{ 0x20000, OPENSNOOP_OPEN_FLAGS_LARGEFILE },
		{ 0x4000, OPENSNOOP_OPEN_FLAGS_DIRECTORY },
		{ 0x8000, OPENSNOOP_OPEN_FLAGS_NOFOLLOW },
	};
	__u32 out = flags & ~0x3c000U;

#pragma unroll
	for (int i = 0; i < 4; i++)
		if (flags & bits[i][0])
			out |= bits[i][1];
	return out;
#else
	return flags;
#endif
}

static __always_inline int enter(const void *path, __u32 flags)
{
	struct call call = { .path = (__u64)path, .flags = flags };

	if ((pid && pid != bpf_get_current_pid_tgid() >> 32) || !emf_is_wanted())
		return 0;
	if (!syscalls_begin(&calls, &call))
		opensnoop_event_open_lost();
	return 0;
}

/* The path is read here: the kernel has read it by now, so that it is in memory. */
static __always_inline int leave(long result)
{
	__u32 process = bpf_get_current_pid_tgid() >> 32, uid = (__u32)bpf_get_current_uid_gid(), flags;
	__s32 fd = result < 0 ? -1 : (__s32)result, error = result < 0 ? (__s32)result : 0;
	struct call call;
	struct opensnoop_open *e;

	if (!syscalls_end(&calls, &call, sizeof(call)))
		return 0;
	if (failed && result >= 0)
		return 0;
	flags = common_flags(call.flags);
	e = opensnoop_event_open_passes(process, uid, fd, error, flags) ? opensnoop_event_open_reserve() : NULL;
	if (!e)
		return 0;
	e->time = bpf_ktime_get_ns();
	e->pid = process;
	e->uid = uid;
	e->fd = fd;
	e->error = error;
	e->flags = flags;
	e->cut = syscalls_text(e->path, sizeof(e->path), (void *)call.path);
	__builtin_memset(e->pad, 0, sizeof(e->pad));
	bpf_get_current_comm(e->comm, sizeof(e->comm));
	opensnoop_event_open_submit(e);
	return 0;
}

SEC("tracepoint/syscalls/sys_enter_openat")
int on_openat(struct trace_event_raw_sys_enter *ctx)
{
	return enter((void *)ctx->args[1], (__u32)ctx->args[2]);
}

SYSCALLS_RETURN(openat)

SEC("tracepoint/syscalls/sys_enter_openat2")
int on_openat2(struct trace_event_raw_sys_enter *ctx)
{
	__u64 flags = 0; /* the first member of struct open_how, include/uapi/linux/openat2.h */

	bpf_probe_read_user(&flags, sizeof(flags), (void *)ctx->args[2]);
	return enter((void *)ctx->args[1], (__u32)flags);
}

SYSCALLS_RETURN(openat2)

#ifdef __TARGET_ARCH_x86 /* newer processors have openat only */
SEC("tracepoint/syscalls/sys_enter_open")
int on_open(struct trace_event_raw_sys_enter *ctx)
{
	return enter((void *)ctx->args[0], (__u32)ctx->args[1]);
}

SYSCALLS_RETURN(open)

SEC("tracepoint/syscalls/sys_enter_creat")
int on_creat(struct trace_event_raw_sys_enter *ctx)
{
	return enter((void *)ctx->args[0],
		     OPENSNOOP_OPEN_FLAGS_CREAT | OPENSNOOP_OPEN_FLAGS_WRONLY | OPENSNOOP_OPEN_FLAGS_TRUNC);
}

SYSCALLS_RETURN(creat)
#endif
