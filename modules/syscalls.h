/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * syscalls.h - what tracepoints of system calls hand over, for kernel parts. A program
 * that hangs on those of its calls costs others little, needs none of their numbers, which
 * differ between processors, and does not meet the calls of 32-bit programs, which differ, too.
 */
#ifndef SYSCALLS_H
#define SYSCALLS_H

#include "compat.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

/* The kernel's types, relocated. */
struct trace_event_raw_sys_enter {
	unsigned long args[6];
};

struct trace_event_raw_sys_exit {
	long ret;
};

#pragma clang attribute pop

/* The calls that threads are in: a struct call of each, from its begin to its return. */
#define SYSCALLS_MAP(most)                       \
	struct {                                 \
		__uint(type, BPF_MAP_TYPE_HASH); \
		__uint(max_entries, most);       \
		__type(key, __u64); /* thread */ \
		__type(value, struct call);      \
	} calls SEC(".maps")

/* Return: whether there was room for it. */
static __always_inline bool syscalls_begin(void *calls, const void *call)
{
	__u64 thread = bpf_get_current_pid_tgid();

	return !bpf_map_update_elem(calls, &thread, call, BPF_ANY);
}

/* Takes out what the call began with. Return: whether that was seen. */
static __always_inline bool syscalls_end(void *calls, void *call, __u32 size_bytes)
{
	__u64 thread = bpf_get_current_pid_tgid();
	const void *known = bpf_map_lookup_elem(calls, &thread);

	if (!known)
		return false;
	__builtin_memcpy(call, known, size_bytes);
	bpf_map_delete_elem(calls, &thread);
	return true;
}

/* The program that is called when it comes back, with its result: leave() of who includes this. */
#define SYSCALLS_RETURN(name)                                         \
	SEC("tracepoint/syscalls/sys_exit_" #name)                    \
	int on_##name##_end(struct trace_event_raw_sys_exit *ctx)     \
	{                                                             \
		return leave(ctx->ret);                               \
	}

/* Numbers of those that programs on sys_enter look for: asm/unistd.h */
#if defined(__TARGET_ARCH_x86)
#define SYSCALLS_EXECVE 59
#define SYSCALLS_EXECVEAT 322
#else /* include/uapi/asm-generic/unistd.h */
#define SYSCALLS_EXECVE 221
#define SYSCALLS_EXECVEAT 281
#endif

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
