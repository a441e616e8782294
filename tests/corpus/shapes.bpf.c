// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Every shape that a member can have. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

char LICENSE[] SEC("license") = "GPL";

enum colour { RED = 1, BLUE = 300, NO_COLOUR = -1 };

struct point {
	short x, y;
};

struct event {
	u64 delta_ns;
	u32 pid;
	enum colour colour;
	enum colour missing;
	unsigned int low : 3, high : 29;
	int negative : 5;
	bool yes;
	struct point point;
	struct {
		u16 inner;
		struct {
			u16 innermost;
		};
	};
	union {
		u32 number;
		u8 bytes[4];
	};
	union {
		u16 a;
		u8 b;
	} either;
	unsigned __int128 large;
	__int128 negative_large;
	__be32 saddr;
	u8 saddr_v6[16];
	u32 nodes[3];
	struct point corners[2];
	char words[2][4];
	void *address;
	int err;
	int sig;
	u32 ifindex;
	u32 marked EMF_AS(ip4);
	u32 n;
	u16 tail[];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, char[512]);
} heap SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 16);
} events SEC(".maps");

const volatile char word[4] = "ab";
const volatile enum colour colour = BLUE;
const volatile s64 scale = -2;
const volatile u32 nameless = 7;
EMF_PARAM(colour, "what is painted");

SEC("raw_tp/sched_process_exec")
int on_exec(void *ctx)
{
	u32 zero = 0;
	struct event *e = bpf_map_lookup_elem(&heap, &zero);

	if (!e)
		return 0;
	e->delta_ns = 1500000;
	e->pid = bpf_get_current_pid_tgid() >> 32;
	e->colour = colour;
	e->missing = nameless;
	e->low = 5;
	e->high = 1 << 28;
	e->negative = -16;
	e->yes = true;
	e->point.x = scale;
	e->point.y = 2;
	e->inner = 3;
	e->innermost = 4;
	e->number = bpf_htonl(0x01020304);
	e->either.a = bpf_htons(0x0506);
	e->large = (unsigned __int128)1 << 64;
	e->negative_large = -7;
	e->saddr = bpf_htonl(0x7f000001);
	e->saddr_v6[15] = 1;
	e->nodes[2] = 8;
	e->corners[1].y = 9;
	e->words[0][0] = word[0];
	e->words[1][0] = word[1];
	e->address = (void *)0xffffffff81000000;
	e->err = -2;
	e->sig = 15;
	e->ifindex = 1;
	e->marked = bpf_htonl(0x0a000001);
	e->n = 3;
	e->tail[0] = 10;
	e->tail[1] = 11;
	e->tail[2] = 12;
	bpf_ringbuf_output(&events, e, __builtin_offsetof(struct event, tail) + 3 * sizeof(u16), 0);
	return 0;
}
