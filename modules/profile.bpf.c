// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * profile.bpf.c - counts the stacks of what runs, so many times a second.
 */
#include <emf/bpf.h>

#include "profile_emf.h"
#include "stacks.h"

char LICENSE[] SEC("license") = "GPL";

const volatile __u32 pid;

__u64 lost; /* samples that had no room in the maps */

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, struct profile_key);
	__type(value, __u64);
} counts SEC(".maps");

SEC("perf_event")
int sample(struct bpf_perf_event_data *ctx)
{
	__u64 one = 1, *count;
	struct profile_key key = { .pid = bpf_get_current_pid_tgid() >> 32 };

	if (!key.pid || (pid && key.pid != pid) || !emf_is_wanted())
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
