// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Networks that a cgroup is sent packets from, each told with the first one: a trie of prefixes that fills itself. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#define ETH_P_IP 0x0800

char LICENSE[] SEC("license") = "GPL";

struct lpm_key {
	u32 prefix_len;
	struct in_addr net;
};

struct seen {
	u64 packets;
	u64 first_ns;
};

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1024);
	__type(key, struct lpm_key);
	__type(value, struct seen);
} networks SEC(".maps");

struct event {
	struct lpm_key network;
	__be32 from_addr;
	u32 len;
	u8 proto;
	u8 pad[3];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 64 * 1024);
} events SEC(".maps");

const volatile u32 bits = 24;

SEC("cgroup_skb/ingress")
int on_ingress(struct __sk_buff *skb)
{
	struct lpm_key key = { .prefix_len = 32 };
	struct seen first = { .packets = 1 }, *seen;
	struct event *e;
	struct iphdr ip;

	if (skb->protocol != __builtin_bswap16(ETH_P_IP) || bits > 32 || bpf_skb_load_bytes(skb, 0, &ip, sizeof(ip)))
		return 1;
	key.net.s_addr = ip.saddr;
	seen = bpf_map_lookup_elem(&networks, &key);
	if (seen) {
		__sync_fetch_and_add(&seen->packets, 1);
		return 1;
	}
	key.prefix_len = bits;
	key.net.s_addr &= bits ? __builtin_bswap32(~0U << (32 - bits)) : 0;
	first.first_ns = bpf_ktime_get_ns();
	if (bpf_map_update_elem(&networks, &key, &first, BPF_NOEXIST))
		return 1;
	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e)
		return 1;
	e->network = key;
	e->from_addr = ip.saddr;
	e->len = skb->len;
	e->proto = ip.protocol;
	__builtin_memset(e->pad, 0, sizeof(e->pad));
	bpf_ringbuf_submit(e, 0);
	return 1;
}
