// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * sampler.bpf.c - one packet in so many, with its first bytes.
 */
#include <emf/bpf.h>

#define SAMPLER_EVENT_SAMPLE_BYTES (1024 * 1024)
#include "sampler_emf.h"
#include "packet.h"

volatile __u32 rate;
volatile __u32 snap;

/* By chance: what comes in a rhythm is not missed, or met, each time. */
static __always_inline bool is_taken(void)
{
	return rate <= 1 || bpf_get_prandom_u32() % rate == 0;
}

static __always_inline void fill(void *ctx, const bool is_xdp, struct sampler_packet *e, const struct net_packet *p, __u32 interface,
				 __u32 length)
{
	const struct __sk_buff *skb = ctx;
	bool has_tag = !is_xdp && skb->vlan_present;

	e->time = bpf_ktime_get_ns();
	e->interface = interface;
	e->length = length;
	__builtin_memcpy(e->saddr, p->saddr, sizeof(e->saddr));
	__builtin_memcpy(e->daddr, p->daddr, sizeof(e->daddr));
	e->sport = p->sport;
	e->dport = p->dport;
	e->l3_off = p->l3_off;
	e->l4_off = p->l4_off;
	e->vlan_proto = has_tag ? skb->vlan_proto : 0;
	e->vlan_tci = has_tag ? skb->vlan_tci : 0;
	e->proto = p->proto;
	__builtin_memset(e->pad, 0, sizeof(e->pad));
	e->bytes_len = 0;
}

/* @room is what was reserved for; the verifier has to see that no more is copied. */
static __always_inline void send(void *ctx, const bool is_xdp, struct sampler_packet *e, __u32 n, const __u32 room)
{
	long err;

	/* It is 1 to @room, a power of two, already. A mask says so to the verifier of 5.10, too; comparisons do not. */
	barrier_var(n);
	n = ((n - 1) & (room - 1)) + 1;
	/* A helper that copies from XDP came with 5.18; this one reads kernel memory, which a packet is. */
	err = is_xdp ? bpf_probe_read_kernel(e->bytes, n, (void *)(long)((struct xdp_md *)ctx)->data) :
		       bpf_skb_load_bytes(ctx, 0, e->bytes, n);
	if (!err)
		e->bytes_len = n;
	sampler_event_sample_submit(e);
}

/* Reserving takes a constant, so there are two sizes. */
static __always_inline void take(void *ctx, const bool is_xdp, const struct net_packet *p, __u32 interface, __u32 length)
{
	__u32 n = length < snap ? length : snap;
	struct sampler_packet *e;

	if (n <= SAMPLER_SNAP_SHORT) {
		e = sampler_event_sample_reserve_cut(SAMPLER_SNAP_SHORT);
		if (!e)
			return;
		fill(ctx, is_xdp, e, p, interface, length);
		send(ctx, is_xdp, e, n, SAMPLER_SNAP_SHORT);
	} else {
		e = sampler_event_sample_reserve();
		if (!e)
			return;
		fill(ctx, is_xdp, e, p, interface, length);
		send(ctx, is_xdp, e, n, SAMPLER_SNAP_MAX);
	}
}

SEC("xdp")
int sample_xdp(struct xdp_md *ctx)
{
	const struct net_packet *p = packet_of_xdp(ctx);

	if (p && is_taken())
		take(ctx, true, p, ctx->ingress_ifindex, ctx->data_end - ctx->data);
	return XDP_PASS;
}

SEC("tc")
int sample_tc(struct __sk_buff *skb)
{
	const struct net_packet *p = packet_of_skb(skb);

	if (p && is_taken())
		take(skb, false, p, skb->ifindex, skb->len);
	return INGRESS_TC_PROCEED;
}
