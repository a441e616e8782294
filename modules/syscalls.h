/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * syscalls.h - what tracepoints of system calls hand over, for kernel parts. A program
 * that hangs on those of its calls costs others little, needs none of their numbers, which
 * differ between processors, and does not meet the calls of 32-bit programs, which differ, too.
 */
#ifndef SYSCALLS_H
#define SYSCALLS_H

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

/* The kernel's types, relocated. */
struct trace_event_raw_sys_enter {
	unsigned long args[6];
};

struct trace_event_raw_sys_exit {
	long ret;
};

#pragma clang attribute pop

/* Numbers of those that programs on sys_enter look for: asm/unistd.h */
#if defined(__TARGET_ARCH_x86)
#define SYSCALLS_EXECVE 59
#define SYSCALLS_EXECVEAT 322
#else /* include/uapi/asm-generic/unistd.h */
#define SYSCALLS_EXECVE 221
#define SYSCALLS_EXECVEAT 281
#endif

/* A 32-bit caller on a 64-bit kernel has other system call numbers. */
static __always_inline bool syscalls_is_compat(void)
{
#ifdef __TARGET_ARCH_x86
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();

	return BPF_CORE_READ(task, thread_info.status) & 0x2; /* TS_COMPAT, asm/thread_info.h */
#elif defined(__TARGET_ARCH_arm64)
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();

	return BPF_CORE_READ(task, thread_info.flags) & (1 << 22); /* TIF_32BIT, asm/thread_info.h */
#else
	return false;
#endif
}

/* A text of the caller, cut to fit; empty where there is none. Return: whether there was more. */
static __always_inline bool syscalls_text(char *out, __u32 size, const void *text)
{
	char next = 0;
	long n = text ? bpf_probe_read_user_str(out, size, text) : 0;

	if (n <= 0)
		out[0] = '\0';
	if (n < (long)size)
		return false;
	bpf_probe_read_user(&next, sizeof(next), (const char *)text + size - 1);
	return next;
}

#endif
