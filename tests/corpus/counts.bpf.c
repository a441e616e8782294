// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Histograms whose keys are the slots: one by its name, one that a line tells of; and one in a global. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

const volatile pid_t targ_tgid = 0;
__u64 slots[20] = {};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, u32);
	__type(value, u64);
} write_hist SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 64);
	__type(key, u32);
	__type(value, u64);
} per_cpu SEC(".maps");
EMF_HIST(per_cpu, "bytes");

static __always_inline u32 log2_of(u64 v)
{
	u32 slot = 0;

#pragma unroll
	for (int shift = 32; shift > 0; shift /= 2)
		if (v >> shift) {
			v >>= shift;
			slot += shift;
		}
	return slot;
}

SEC("tracepoint/syscalls/sys_enter_write")
int on_write(struct trace_event_raw_sys_enter *ctx)
{
	u32 slot = log2_of(ctx->args[2]);
	u64 zero = 0, *count;

	if ((bpf_get_current_pid_tgid() >> 32) != targ_tgid)
		return 0;
	bpf_map_update_elem(&write_hist, &slot, &zero, BPF_NOEXIST);
	count = bpf_map_lookup_elem(&write_hist, &slot);
	if (count)
		__sync_fetch_and_add(count, 1);
	count = bpf_map_lookup_elem(&per_cpu, &slot);
	if (count)
		__sync_fetch_and_add(count, 1);
	if (slot < 20)
		__sync_fetch_and_add(&slots[slot], 1);
	return 0;
}
