/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * stacks.h - stacks of the task that runs, for kernel parts that count by them.
 */
#ifndef STACKS_H
#define STACKS_H

#define STACKS_MAX 16384
#define STACKS_DEPTH 127 /* PERF_MAX_STACK_DEPTH, include/uapi/linux/perf_event.h */
#define STACKS_EFAULT 14 /* include/uapi/asm-generic/errno-base.h */

const volatile bool user_only;
const volatile bool kernel_only;

__u64 missed; /* stacks that could not be read, or had no room */

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, STACKS_MAX);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, STACKS_DEPTH * sizeof(__u64));
} stacks SEC(".maps");

/* Its number in the map; -1 for none. */
static __always_inline __s32 stack(void *ctx, bool wanted, __u64 flags)
{
	long id;

	if (!wanted)
		return -1;
	id = bpf_get_stackid(ctx, &stacks, flags);
	/* A thread of the kernel has no stack of a process: that is not missed. */
	if (id < 0 && id != -STACKS_EFAULT)
		__sync_fetch_and_add(&missed, 1);
	return id < 0 ? -1 : (__s32)id;
}

#endif
