// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * parse.bpf.c - leaves in the state of the chain where the headers of a packet begin.
 */
#include <emf/bpf.h>

#include "parse_emf.h"
#include "packet.h"

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct parse_total);
} totals SEC(".maps");

#define count(member) __sync_fetch_and_add(&total->member, p->segments)

static __always_inline void count_packet(const struct net_packet *p)
{
	struct parse_total *total;
	__u32 zero = 0;

	total = bpf_map_lookup_elem(&totals, &zero);
	if (!total)
		return;
	count(packets);
	if (p->family == NET_FAMILY_IP4)
		count(ip4);
	else if (p->family == NET_FAMILY_IP6)
		count(ip6);
	else
		count(other);
	if (p->proto == NET_PROTO_TCP)
		count(tcp);
	else if (p->proto == NET_PROTO_UDP)
		count(udp);
	if (p->vlan)
		count(tagged);
	if (p->fragment)
		count(fragments);
	if (p->parsed == NET_PARSED_BROKEN)
		count(broken);
}

SEC("xdp")
int parse_xdp(struct xdp_md *ctx)
{
	const struct net_packet *p = packet_of_xdp(ctx);

	if (p)
		count_packet(p);
	return XDP_PASS;
}

SEC("tc")
int parse_tc(struct __sk_buff *skb)
{
	const struct net_packet *p = packet_of_skb(skb);

	if (p)
		count_packet(p);
	return INGRESS_TC_PROCEED;
}
