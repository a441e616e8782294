// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A chain by hand of HOPS programs that only call the next one, with a constant index. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 33);
	__type(key, __u32);
	__type(value, __u32);
} slots SEC(".maps");

SEC("xdp")
int entry(struct xdp_md *ctx)
{
	bpf_tail_call(ctx, &slots, 0);
	return XDP_PASS;
}

#define HOP(i)                                             \
	SEC("xdp")                                         \
	int hop_##i(struct xdp_md *ctx)                    \
	{                                                  \
		if (i + 1 < HOPS)                          \
			bpf_tail_call(ctx, &slots, i + 1); \
		return XDP_PASS;                           \
	}

#if HOPS > 0
HOP(0)
#endif
#if HOPS > 1
HOP(1)
#endif
#if HOPS > 2
HOP(2)
#endif
#if HOPS > 3
HOP(3)
#endif
#if HOPS > 4
HOP(4)
#endif
#if HOPS > 5
HOP(5)
#endif
#if HOPS > 6
HOP(6)
#endif
#if HOPS > 7
HOP(7)
#endif
#if HOPS > 8
HOP(8)
#endif
#if HOPS > 9
HOP(9)
#endif
#if HOPS > 10
HOP(10)
#endif
#if HOPS > 11
HOP(11)
#endif
#if HOPS > 12
HOP(12)
#endif
#if HOPS > 13
HOP(13)
#endif
#if HOPS > 14
HOP(14)
#endif
#if HOPS > 15
HOP(15)
#endif
#if HOPS > 16
HOP(16)
#endif
#if HOPS > 17
HOP(17)
#endif
#if HOPS > 18
HOP(18)
#endif
#if HOPS > 19
HOP(19)
#endif
#if HOPS > 20
HOP(20)
#endif
#if HOPS > 21
HOP(21)
#endif
#if HOPS > 22
HOP(22)
#endif
#if HOPS > 23
HOP(23)
#endif
#if HOPS > 24
HOP(24)
#endif
#if HOPS > 25
HOP(25)
#endif
#if HOPS > 26
HOP(26)
#endif
#if HOPS > 27
HOP(27)
#endif
#if HOPS > 28
HOP(28)
#endif
#if HOPS > 29
HOP(29)
#endif
#if HOPS > 30
HOP(30)
#endif
#if HOPS > 31
HOP(31)
#endif
