// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * profile.bpf.c - counts the stacks of what runs, so many times a second.
 */
#include <emf/bpf.h>

#include "profile_emf.h"

char LICENSE[] SEC("license") = "GPL";

const volatile __u32 pid;
const volatile bool user_only;
const volatile bool kernel_only;

__u64 lost; /* samples that had no room in the maps */
__u64 missed; /* stacks that could not be read, or had no room */

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, 16384);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, PROFILE_DEPTH * sizeof(__u64));
} stacks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, struct profile_key);
	__type(value, __u64);
} counts SEC(".maps");

static __s32 stack(void *ctx, bool wanted, __u64 flags)
{
	long id;

	if (!wanted)
		return -1;
	id = bpf_get_stackid(ctx, &stacks, flags);
	/* A thread of the kernel has no stack of a process: that is not missed. */
	if (id < 0 && id != -14 /* EFAULT */)
		__sync_fetch_and_add(&missed, 1);
	return id < 0 ? -1 : (__s32)id;
}

SEC("perf_event")
int sample(struct bpf_perf_event_data *ctx)
{
	__u64 one = 1, *count;
	struct profile_key key = { .pid = bpf_get_current_pid_tgid() >> 32 };

	if (!key.pid || (pid && key.pid != pid))
		return 0;
	key.user = stack(ctx, !kernel_only, BPF_F_USER_STACK);
	key.kernel = stack(ctx, !user_only, 0);
	bpf_get_current_comm(key.comm, sizeof(key.comm));
	count = bpf_map_lookup_elem(&counts, &key);
	if (!count && !bpf_map_update_elem(&counts, &key, &one, BPF_NOEXIST))
		return 0;
	if (!count)
		count = bpf_map_lookup_elem(&counts, &key);
	if (count)
		__sync_fetch_and_add(count, 1);
	else
		__sync_fetch_and_add(&lost, 1);
	return 0;
}
