// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Copies what it sees of each parameter to a map. */
#include <emf/bpf.h>

#include "knobs_emf.h"

char LICENSE[] SEC("license") = "GPL";

/* X for a number, A for an array; both constant, and L for what may change. */
#define PARAMS(X, A, LX, LA)                                                                      \
	X(bool, a_bool) X(__u8, a_u8) X(__u16, a_u16) LX(__u32, a_u32) X(__u64, a_u64) X(__s8, a_s8) \
	X(__s16, a_s16) LX(__s32, a_s32) X(__s64, a_s64) X(__be16, a_be16) X(__be32, a_be32)         \
	X(__be64, a_be64) X(char, a_char) LA(char, a_string, 8) A(char, a_comm, 16)                  \
	LX(__u64, a_duration) X(__u64, a_ns) X(__u64, a_wall) LX(__be32, an_ip4)                     \
	A(__be32, an_ip6, 4) A(__u8, a_mac, 6) X(__u32, a_pid) X(__u32, a_uid) LX(__u32, a_netdev)   \
	X(__s32, an_errno) X(__s32, a_signo) X(__u64, a_ksym) X(__u64, a_cgroup) LX(__u8, a_mode)    \
	X(__s16, a_side) X(__u32, some_parts)

#define CONSTANT(type, name) const volatile type name;
#define CONSTANT_ARRAY(type, name, n) const volatile type name[n];
#define LIVE(type, name) volatile type name;
#define LIVE_ARRAY(type, name, n) volatile type name[n];
PARAMS(CONSTANT, CONSTANT_ARRAY, LIVE, LIVE_ARRAY)

#define MEMBER(type, name) type name;
#define MEMBER_ARRAY(type, name, n) type name[n];
struct knobs_seen {
	PARAMS(MEMBER, MEMBER_ARRAY, MEMBER, MEMBER_ARRAY)
} __attribute__((packed));

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct knobs_seen);
} seen SEC(".maps");

#define SEE(type, name) now->name = name;
#define SEE_ARRAY(type, name, n)            \
	_Pragma("unroll") for (int i = 0; i < n; i++) \
		now->name[i] = name[i];

SEC("raw_tp/sched_process_exec")
int see(void *ctx)
{
	__u32 zero = 0;
	struct knobs_seen *now = bpf_map_lookup_elem(&seen, &zero);

	if (!now)
		return 0;
	PARAMS(SEE, SEE_ARRAY, SEE, SEE_ARRAY)
	return 0;
}
