// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * cgroupconnect.bpf.c - lets processes of a group connect, or keeps them from it.
 */
#include <emf/bpf.h>

#include "cgroupconnect_emf.h"

#define LEVELS_MAX 32 /* of groups in each other */
/* The length of a whole key: family, port, group, address. */
#define KEY_BITS (8 * (sizeof(struct cgroupconnect_key) - sizeof(__u32)))

/* include/linux/socket.h */
#define AF_INET 2
#define AF_INET6 10

volatile __u32 otherwise;
volatile bool allowed;

/* User space sets the size. */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 4096);
	__type(key, struct cgroupconnect_key);
	__type(value, struct cgroupconnect_value);
} rules_map SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cgroupconnect_total);
} totals SEC(".maps");

static __always_inline struct cgroupconnect_value *find_of(struct cgroupconnect_key *key, __u64 cgroup, __u16 port)
{
	struct cgroupconnect_value *rule;

	key->cgroup = cgroup;
	key->port = port;
	rule = bpf_map_lookup_elem(&rules_map, key);
	if (rule)
		return rule;
	key->port = 0;
	return bpf_map_lookup_elem(&rules_map, key);
}

/* The group of the process first, then those that it lies in. */
static __always_inline struct cgroupconnect_value *find(struct cgroupconnect_key *key, __u16 port)
{
	for (int level = LEVELS_MAX - 1; level >= 0; level--) {
		__u64 cgroup = bpf_get_current_ancestor_cgroup_id(level);
		struct cgroupconnect_value *rule = cgroup ? find_of(key, cgroup, port) : NULL;

		if (rule)
			return rule;
	}
	return find_of(key, 0, port);
}

static __always_inline void tell(const struct bpf_sock_addr *ctx, const struct cgroupconnect_key *key, __u16 port, __u32 verdict)
{
	struct cgroupconnect_decided *e = cgroupconnect_event_decided_reserve();

	if (!e)
		return;
	e->time = bpf_ktime_get_ns();
	e->cgroup = bpf_get_current_cgroup_id();
	e->pid = bpf_get_current_pid_tgid() >> 32;
	e->uid = (__u32)bpf_get_current_uid_gid();
	e->verdict = verdict;
	bpf_get_current_comm(e->comm, sizeof(e->comm));
	__builtin_memcpy(e->daddr, key->address, sizeof(e->daddr));
	e->dport = port;
	e->proto = ctx->protocol;
	e->pad = 0;
	cgroupconnect_event_decided_submit(e);
}

/* Return: what the kernel is told, 1 to go on. */
static __always_inline int decide(const struct bpf_sock_addr *ctx, struct cgroupconnect_key *key)
{
	__u16 port = bpf_ntohs((__u16)ctx->user_port);
	struct cgroupconnect_value *rule = find(key, port);
	__u32 verdict = rule ? rule->verdict : otherwise, zero = 0;
	struct cgroupconnect_total *total = bpf_map_lookup_elem(&totals, &zero);
	bool denies = verdict == CGROUPCONNECT_VERDICT_DENY;

	if (rule)
		__sync_fetch_and_add(&rule->hits, 1);
	if (total)
		__sync_fetch_and_add(denies ? &total->denied : &total->allowed, 1);
	if (denies || allowed)
		tell(ctx, key, port, verdict);
	return !denies;
}

SEC("cgroup/connect4")
int on_connect4(struct bpf_sock_addr *ctx)
{
	struct cgroupconnect_key key = { .length = KEY_BITS, .family = AF_INET };

	emf_ip_from4(key.address, ctx->user_ip4);
	return decide(ctx, &key);
}

SEC("cgroup/connect6")
int on_connect6(struct bpf_sock_addr *ctx)
{
	struct cgroupconnect_key key = { .length = KEY_BITS, .family = AF_INET6 };

	key.address[0] = ctx->user_ip6[0];
	key.address[1] = ctx->user_ip6[1];
	key.address[2] = ctx->user_ip6[2];
	key.address[3] = ctx->user_ip6[3];
	/* A socket of IPv6 that connects to an IPv4 address: the rules of IPv4 are meant. */
	if (!key.address[0] && !key.address[1] && key.address[2] == bpf_htonl(0xffff))
		key.family = AF_INET;
	return decide(ctx, &key);
}
