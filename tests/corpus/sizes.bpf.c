// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Histograms in a map, one for each process, as libbpf's tools have them. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#define MAX_SLOTS 27

char LICENSE[] SEC("license") = "GPL";

struct hist {
	__u32 slots[MAX_SLOTS];
	char comm[TASK_COMM_LEN];
};

const volatile pid_t targ_tgid = 0;
static struct hist zero;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, u32);
	__type(value, struct hist);
} hists SEC(".maps");

/* Bookkeeping: nobody wants to see it. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, u32);
	__type(value, u64);
} start SEC(".maps");

static __always_inline u64 log2l(u64 v)
{
	u64 slot = 0;

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
	u32 tgid = bpf_get_current_pid_tgid() >> 32;
	u64 now = bpf_ktime_get_ns(), slot;
	struct hist *hist;

	if (targ_tgid && tgid != targ_tgid)
		return 0;
	bpf_map_update_elem(&start, &tgid, &now, BPF_ANY);
	hist = bpf_map_lookup_elem(&hists, &tgid);
	if (!hist) {
		bpf_map_update_elem(&hists, &tgid, &zero, BPF_NOEXIST);
		hist = bpf_map_lookup_elem(&hists, &tgid);
		if (!hist)
			return 0;
		bpf_get_current_comm(&hist->comm, sizeof(hist->comm));
	}
	slot = log2l(ctx->args[2]);
	if (slot >= MAX_SLOTS)
		slot = MAX_SLOTS - 1;
	__sync_fetch_and_add(&hist->slots[slot], 1);
	return 0;
}
