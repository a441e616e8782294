/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * lost.h - what a kernel part alone could not count, as one more table: it has no rows, and
 * so is not printed, as long as nothing was lost. Who includes it has an enum lost.
 */
#ifndef LOST_H
#define LOST_H

#define LOST_MAX 8

struct lost_key {
	enum lost what;
};

struct lost_value {
	__u64 times;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, LOST_MAX);
	__type(key, struct lost_key);
	__type(value, struct lost_value);
} lost SEC(".maps");
EMF_TABLE(lost);

static __always_inline void count_lost(enum lost what)
{
	struct lost_key key = { .what = what };
	struct lost_value *value, none = { 0 };

	value = bpf_map_lookup_elem(&lost, &key);
	if (!value) {
		bpf_map_update_elem(&lost, &key, &none, BPF_NOEXIST);
		value = bpf_map_lookup_elem(&lost, &key);
	}
	if (value)
		__sync_fetch_and_add(&value->times, 1);
}

#endif
