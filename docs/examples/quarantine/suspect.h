/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What suspect and those that import its map share. */
#ifndef SUSPECT_H
#define SUSPECT_H

#include <emf/bpf.h>

struct suspect_key {
	__u32 pid;
};

struct suspect_mark {
	__u64 since; /* monotonic */
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, struct suspect_key);
	__type(value, struct suspect_mark);
} suspects SEC(".maps");

#endif
