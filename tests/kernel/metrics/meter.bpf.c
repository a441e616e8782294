// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What one process writes, counted in every way that metrics are read from. */
#include "vmlinux.h"
#include <emf/bpf.h>

#include "meter_emf.h"

char LICENSE[] SEC("license") = "GPL";

const volatile __u32 only = 0;

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 1024);
	__type(key, struct meter_key);
	__type(value, struct meter_count);
} rows SEC(".maps");

struct plain {
	__u32 slots[20];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct plain);
} sizes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct meter_hist);
} tens SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, struct meter_stripe);
	__type(value, __u64);
} stripes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 32768);
	__type(key, __u32);
	__type(value, __u64);
} many SEC(".maps");

static __always_inline void add_one(void *map, const void *key)
{
	__u64 zero = 0, *count;

	bpf_map_update_elem(map, key, &zero, BPF_NOEXIST);
	count = bpf_map_lookup_elem(map, key);
	if (count)
		__sync_fetch_and_add(count, 1);
}

static __always_inline void count_slots(__u64 n, __u8 kind)
{
	struct meter_stripe stripe = { .kind = kind, .slot = n <= 1 ? 0 : n <= 10 ? 1 : n <= 100 ? 2 : 3 };
	__u32 zero = 0, slot = 0, size = n, ten = n / 10;
	struct meter_hist *hist = bpf_map_lookup_elem(&tens, &zero);
	struct plain *plain = bpf_map_lookup_elem(&sizes, &zero);

	for (__u64 v = n; v > 1 && slot < 19; v >>= 1)
		slot++;
	if (plain && slot < 20)
		plain->slots[slot]++;
	asm volatile("" : "+r"(ten)); /* or the bound below is that of another register */
	if (ten > 10)
		ten = 10;
	if (hist) {
		__sync_fetch_and_add(&hist->slots[ten], 1);
		__sync_fetch_and_add(&hist->sum, n);
	}
	add_one(&stripes, &stripe);
	add_one(&many, &size);
}

SEC("tracepoint/syscalls/sys_enter_write")
int on_write(struct trace_event_raw_sys_enter *ctx)
{
	struct meter_key key = { .fd = ctx->args[0], .kind = ctx->args[2] > 100 ? METER_KIND_LARGE : METER_KIND_SMALL };
	struct meter_count first = {}, *row;
	struct meter_wrote *wrote;
	__u64 n = ctx->args[2];

	if ((bpf_get_current_pid_tgid() >> 32) != only)
		return 0;
	bpf_get_current_comm(key.comm, sizeof(key.comm));
	bpf_map_update_elem(&rows, &key, &first, BPF_NOEXIST);
	row = bpf_map_lookup_elem(&rows, &key);
	if (row) {
		row->calls++;
		row->bytes += n;
	}
	count_slots(n, key.kind);
	wrote = meter_event_wrote_reserve();
	if (wrote) {
		wrote->bytes = n;
		wrote->took = n * 1000;
		wrote->kind = key.kind;
		__builtin_memset(wrote->pad, 0, sizeof(wrote->pad));
		__builtin_memcpy(wrote->comm, key.comm, sizeof(wrote->comm));
		meter_event_wrote_submit(wrote);
	}
	return 0;
}
