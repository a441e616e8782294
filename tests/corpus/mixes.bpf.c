// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What a description has no type for, in a record that has the same size each time. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct seen {
	u8 kind;
	u32 at;
} __attribute__((packed));

struct mix {
	u32 pid;
	u32 low : 4, high : 12;
	enum { MIX_NONE, MIX_SOME } which;
	union {
		u32 number;
		u8 bytes[4];
	} either;
	unsigned __int128 large;
	struct seen seen;
	u16 slots[3];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 16);
} mixes SEC(".maps");

SEC("raw_tp/sched_process_exec")
int on_exec(void *ctx)
{
	struct mix *mix = bpf_ringbuf_reserve(&mixes, sizeof(*mix), 0);

	if (!mix)
		return 0;
	__builtin_memset(mix, 0, sizeof(*mix));
	mix->pid = bpf_get_current_pid_tgid() >> 32;
	mix->low = 5;
	mix->high = 0x123;
	mix->which = MIX_SOME;
	mix->either.bytes[3] = 9;
	mix->large = 258;
	mix->seen.kind = 1;
	mix->seen.at = 2;
	mix->slots[2] = 7;
	bpf_ringbuf_submit(mix, 0);
	return 0;
}
