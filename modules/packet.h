/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * packet.h - what a packet is, for kernel parts in the chains of net.emf.
 *
 * The first program of a chain that asks has the packet parsed, module parse or any
 * other, and those behind it find the result in the state of the chain. Include the
 * header of the module before this one.
 *
 * One parser for both kinds of programs: is_xdp is a constant wherever it stands, so
 * that each program has the half that it needs.
 */
#ifndef PACKET_H
#define PACKET_H

#include <emf/bpf.h>

/* include/uapi/linux/if_ether.h; that header and vmlinux.h exclude each other */
#define PACKET_ETH_IP 0x0800
#define PACKET_ETH_8021Q 0x8100
#define PACKET_ETH_IP6 0x86dd
#define PACKET_ETH_8021AD 0x88a8

/* NEXTHDR_*, include/net/ipv6.h: what can stand between the header of IPv6 and that of TCP */
#define PACKET_NEXT_HOP 0
#define PACKET_NEXT_ROUTING 43
#define PACKET_NEXT_FRAGMENT 44
#define PACKET_NEXT_AUTH 51
#define PACKET_NEXT_DEST 60

#define PACKET_TC_DROP 2 /* TC_ACT_SHOT, include/uapi/linux/pkt_cls.h */

#define PACKET_TAGS_MAX 2       /* of VLANs, in the packet itself */
#define PACKET_EXTENSIONS_MAX 8 /* headers of IPv6 between the first one and TCP */
#define PACKET_HEADERS_MAX 4096 /* bytes; a bound for the verifier, and beyond what IP lets headers have */

struct packet_eth {
	__u8 addresses[12];
	__be16 type;
};

struct packet_tag {
	__be16 tci;
	__be16 type;
};

struct packet_ip4 {
	__u8 version_and_length;
	__u8 tos;
	__be16 length;
	__be16 id;
	__be16 fragment;
	__u8 ttl;
	__u8 proto;
	__be16 sum;
	__be32 saddr;
	__be32 daddr;
};

struct packet_ip6 {
	__be32 version;
	__be16 length;
	__u8 next;
	__u8 hops;
	__be32 saddr[4];
	__be32 daddr[4];
};

struct packet_extension {
	__u8 next;
	__u8 length;
	__be16 fragment; /* of a fragment header */
};

struct packet_ports {
	__be16 source;
	__be16 destination;
};

/* Copies what stands at @at to *@to, and is 0; or the packet, or what of it XDP can read, ends before. */
#define packet_load(ctx, is_xdp, at, to)                                                            \
	({                                                                                          \
		__u32 __at = (at);                                                                  \
		int __err = -1;                                                                     \
		if (is_xdp) {                                                                       \
			void *__data = (void *)(long)((struct xdp_md *)(ctx))->data;                \
			void *__end = (void *)(long)((struct xdp_md *)(ctx))->data_end;             \
			if (__at <= PACKET_HEADERS_MAX && __data + __at + sizeof(*(to)) <= __end) { \
				*(to) = *(typeof(to))(__data + __at);                               \
				__err = 0;                                                          \
			}                                                                           \
		} else {                                                                            \
			__err = (int)bpf_skb_load_bytes(ctx, __at, to, sizeof(*(to)));              \
		}                                                                                   \
		__err;                                                                              \
	})

/* Follows the headers behind the first one of IPv6; returns where they end, or 0 if one is cut. */
static __always_inline __u32 packet_skip_extensions(void *ctx, const bool is_xdp, struct net_packet *p, __u32 at, __u8 next)
{
	struct packet_extension extension;

	for (int i = 0; i < PACKET_EXTENSIONS_MAX; i++) {
		__u32 length = 8;

		if (next != PACKET_NEXT_HOP && next != PACKET_NEXT_ROUTING && next != PACKET_NEXT_FRAGMENT &&
		    next != PACKET_NEXT_AUTH && next != PACKET_NEXT_DEST)
			break;
		if (packet_load(ctx, is_xdp, at, &extension))
			return 0;
		if (next == PACKET_NEXT_FRAGMENT) {
			if (extension.fragment & bpf_htons(0xfff8))
				p->fragment = NET_FRAGMENT_LATER;
			else if (extension.fragment & bpf_htons(1))
				p->fragment = NET_FRAGMENT_FIRST;
		} else if (next == PACKET_NEXT_AUTH) {
			length = (extension.length + 2u) * 4;
		} else {
			length = (extension.length + 1u) * 8;
		}
		next = extension.next;
		at += length;
		if (p->fragment == NET_FRAGMENT_LATER)
			break; /* what comes is the middle of something */
	}
	p->proto = next;
	return at;
}

/* The network header; returns where the next one begins, or 0 if this one is broken. */
static __always_inline __u32 packet_parse_ip4(void *ctx, const bool is_xdp, struct net_packet *p, __u32 at)
{
	struct packet_ip4 ip;
	__u32 length;

	if (packet_load(ctx, is_xdp, at, &ip))
		return 0;
	length = (ip.version_and_length & 15) * 4;
	if (ip.version_and_length >> 4 != 4 || length < sizeof(ip) || bpf_ntohs(ip.length) < length)
		return 0;
	p->family = NET_FAMILY_IP4;
	p->proto = ip.proto;
	p->saddr[2] = p->daddr[2] = bpf_htonl(0xffff);
	p->saddr[3] = ip.saddr;
	p->daddr[3] = ip.daddr;
	if (ip.fragment & bpf_htons(0x1fff))
		p->fragment = NET_FRAGMENT_LATER;
	else if (ip.fragment & bpf_htons(0x2000))
		p->fragment = NET_FRAGMENT_FIRST;
	return at + length;
}

static __always_inline __u32 packet_parse_ip6(void *ctx, const bool is_xdp, struct net_packet *p, __u32 at)
{
	struct packet_ip6 ip;

	if (packet_load(ctx, is_xdp, at, &ip) || bpf_ntohl(ip.version) >> 28 != 6)
		return 0;
	p->family = NET_FAMILY_IP6;
	__builtin_memcpy(p->saddr, ip.saddr, sizeof(p->saddr));
	__builtin_memcpy(p->daddr, ip.daddr, sizeof(p->daddr));
	return packet_skip_extensions(ctx, is_xdp, p, at + sizeof(ip), ip.next);
}

/* Ports, of what has them at the same place. */
static __always_inline bool packet_parse_ports(void *ctx, const bool is_xdp, struct net_packet *p, __u32 at)
{
	struct packet_ports ports;

	if (p->proto != NET_PROTO_TCP && p->proto != NET_PROTO_UDP && p->proto != NET_PROTO_SCTP)
		return true;
	if (packet_load(ctx, is_xdp, at, &ports))
		return false;
	p->sport = ports.source;
	p->dport = ports.destination;
	return true;
}

/* Segments that the kernel has merged had headers of their own. */
static __always_inline void packet_count_segments(struct __sk_buff *skb, struct net_packet *p)
{
	__u32 segments = skb->gso_segs, headers = 8;
	__u8 tcp_length;

	if (segments <= 1)
		return;
	if (p->proto == NET_PROTO_TCP && !bpf_skb_load_bytes(skb, p->l4_off + 12u, &tcp_length, sizeof(tcp_length)))
		headers = (tcp_length >> 4) * 4;
	headers += p->l4_off + (skb->vlan_present ? sizeof(struct packet_tag) : 0);
	p->segments = segments;
	p->bytes += (segments - 1) * headers;
}

/* All behind the Ethernet header; p->bytes and an outer tag that the kernel has taken out are known. */
static __always_inline bool packet_parse_rest(void *ctx, const bool is_xdp, struct net_packet *p, __be16 type)
{
	__u32 at = sizeof(struct packet_eth);
	struct packet_tag tag;

	for (int i = 0; i < PACKET_TAGS_MAX; i++) {
		if (type != bpf_htons(PACKET_ETH_8021Q) && type != bpf_htons(PACKET_ETH_8021AD))
			break;
		if (packet_load(ctx, is_xdp, at, &tag))
			return false;
		if (!p->vlan)
			p->vlan = bpf_ntohs(tag.tci) & 0xfff;
		type = tag.type;
		at += sizeof(tag);
	}
	p->l3_off = at;
	if (type == bpf_htons(PACKET_ETH_IP))
		at = packet_parse_ip4(ctx, is_xdp, p, at);
	else if (type == bpf_htons(PACKET_ETH_IP6))
		at = packet_parse_ip6(ctx, is_xdp, p, at);
	else
		return true;
	if (!at || p->fragment == NET_FRAGMENT_LATER)
		return at;
	p->l4_off = at;
	return packet_parse_ports(ctx, is_xdp, p, at);
}

static __always_inline void packet_parse(void *ctx, const bool is_xdp, struct net_packet *p)
{
	struct packet_eth eth;
	bool is_whole;

	p->segments = 1;
	if (is_xdp) {
		p->bytes = ((struct xdp_md *)ctx)->data_end - ((struct xdp_md *)ctx)->data;
	} else {
		struct __sk_buff *skb = ctx;

		p->bytes = skb->len;
		if (skb->vlan_present) {
			p->bytes += sizeof(struct packet_tag);
			p->vlan = skb->vlan_tci & 0xfff;
		}
	}
	is_whole = !packet_load(ctx, is_xdp, 0, &eth) && packet_parse_rest(ctx, is_xdp, p, eth.type);
	p->parsed = is_whole ? NET_PARSED_WHOLE : NET_PARSED_BROKEN;
	if (!is_xdp && p->l4_off)
		packet_count_segments(ctx, p);
}

/* The packet that a program of chain ingress was called for; NULL outside of the chain. */
static __always_inline struct net_packet *packet_of_xdp(struct xdp_md *xdp)
{
	struct ingress_state *state = ingress_state();

	if (!state)
		return NULL;
	if (!state->packet.parsed)
		packet_parse(xdp, true, &state->packet);
	return &state->packet;
}

/* The same of chain ingress_tc. */
static __always_inline struct net_packet *packet_of_skb(struct __sk_buff *skb)
{
	struct ingress_tc_state *state = ingress_tc_state();

	if (!state)
		return NULL;
	if (!state->packet.parsed)
		packet_parse(skb, false, &state->packet);
	return &state->packet;
}

#endif
