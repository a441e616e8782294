// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * bag.bpf.c - a map of each kind that has accessors, for tests/kernel/test_map.py.
 */
#include <emf/bpf.h>

#include "bag.h"

char LICENSE[] SEC("license") = "GPL";

const volatile __u32 constant = 1;
__u64 runs;
__u64 runs_data = 5;

#define MAP(name, kind, entries, key_type, value_type)    \
	struct {                                          \
		__uint(type, BPF_MAP_TYPE_##kind);        \
		__uint(max_entries, entries);             \
		__type(key, key_type);                    \
		__type(value, value_type);                \
	} name SEC(".maps")

struct pair {
	__u32 first, second;
};

/* Not in the order of their names, to tell an order from another. */
EMF_RING(ring, 4096);
MAP(rows, HASH, 1024, struct bag_key, struct bag_row);
MAP(numbers, ARRAY, 8, __u32, __u64);
MAP(totals, PERCPU_ARRAY, 4, __u32, struct bag_total);
MAP(by_cpu, PERCPU_HASH, 64, __u32, __u32);
MAP(recent_by_cpu, LRU_PERCPU_HASH, 65, __u64, struct bag_total);
MAP(recent, LRU_HASH, 66, struct sock *, bool);
MAP(big, HASH, BAG_BIG, __u32, __u64);
MAP(nothing, HASH, 67, __u32, __u64);
MAP(churn, HASH, 4096, __u32, __u64);
MAP(devices, DEVMAP_HASH, 68, __u32, __u32);

/* Known by a typedef only, which user space does not see. */
typedef struct {
	union {
		__u64 whole;
		__u32 half[2];
	};
	enum { GOOD, BAD } how;
	__s32 class;
} outcome;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 69);
	__type(key, struct {
		__u8 kind;
		__u8 pad[3];
		struct pair pair;
	});
	__type(value, outcome);
} unnamed SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 70);
	__type(key, struct {
		__u32 bits;
		__be32 address;
	});
	__type(value, __u16);
} routes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 71);
	__uint(key_size, 4);
	__uint(value_size, 12);
} sizes_only SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 72);
	__type(value, __u32);
} queue SEC(".maps");

SEC("raw_tp/sched_process_exec")
int on_exec(void *ctx)
{
	runs += constant + runs_data;
	return 0;
}
