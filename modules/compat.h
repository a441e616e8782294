/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * compat.h - system calls of 32-bit programs on a kernel of 64 bits, for kernel parts.
 */
#ifndef COMPAT_H
#define COMPAT_H

/* Whether the task is in one: its system calls have other numbers. */
static __always_inline bool compat_is(void)
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

#endif
