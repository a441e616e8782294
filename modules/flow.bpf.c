// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * flow.bpf.c - bytes and packets of each flow.
 */
#include <emf/bpf.h>

#include "flow_emf.h"
#include "packet.h"

/* Those that were quiet for longest make room; user space sets the size. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct flow_key);
	__type(value, struct flow_count);
} flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct flow_total);
} totals SEC(".maps");

static __always_inline struct flow_count *open_flow(const struct flow_key *key, __u64 now, struct flow_total *total)
{
	struct flow_count fresh = { .since = now, .last = now };
	struct flow_began *event;

	/* Another processor may have been faster: then this one only counts. */
	if (!bpf_map_update_elem(&flows, key, &fresh, BPF_NOEXIST)) {
		__sync_fetch_and_add(&total->opened, 1);
		event = flow_event_began_reserve();
		if (event) {
			event->time = now;
			event->key = *key;
			flow_event_began_submit(event);
		}
	}
	return bpf_map_lookup_elem(&flows, key);
}

static __always_inline void count_packet(const struct net_packet *p)
{
	struct flow_key key = { .sport = p->sport, .dport = p->dport, .vlan = p->vlan, .proto = p->proto };
	__u64 now = bpf_ktime_get_ns();
	struct flow_total *total;
	struct flow_count *count;
	__u32 zero = 0;

	total = bpf_map_lookup_elem(&totals, &zero);
	if (!total)
		return;
	if (p->family == NET_FAMILY_NONE) {
		__sync_fetch_and_add(&total->other_packets, p->segments);
		__sync_fetch_and_add(&total->other_bytes, p->bytes);
		return;
	}
	__sync_fetch_and_add(&total->packets, p->segments);
	__sync_fetch_and_add(&total->bytes, p->bytes);
	__builtin_memcpy(key.saddr, p->saddr, sizeof(key.saddr));
	__builtin_memcpy(key.daddr, p->daddr, sizeof(key.daddr));
	count = bpf_map_lookup_elem(&flows, &key);
	if (!count)
		count = open_flow(&key, now, total);
	if (!count) {
		__sync_fetch_and_add(&total->lost, p->segments);
		return;
	}
	__sync_fetch_and_add(&count->bytes, p->bytes);
	__sync_fetch_and_add(&count->packets, p->segments);
	count->last = now;
}

SEC("xdp")
int count_xdp(struct xdp_md *ctx)
{
	const struct net_packet *p = packet_of_xdp(ctx);

	if (p)
		count_packet(p);
	return XDP_PASS;
}

SEC("tc")
int count_tc(struct __sk_buff *skb)
{
	const struct net_packet *p = packet_of_skb(skb);

	if (p)
		count_packet(p);
	return INGRESS_TC_PROCEED;
}
