// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * acl.bpf.c - drops packets whose source is on a list.
 */
#include <emf/bpf.h>

#include "acl_emf.h"
#include "packet.h"

#define NESTED_MAX 4 /* networks in each other whose time is over, and that user space has not removed yet */

volatile __u64 report;

/* User space sets the sizes. */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 16384);
	__type(key, struct acl_key4);
	__type(value, struct acl_rule);
} list4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 16384);
	__type(key, struct acl_key6);
	__type(value, struct acl_rule);
} list6 SEC(".maps");

/* Of both lists, by the numbers of their rules: user space writes rules, and never what is counted here. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 32769);
	__type(key, __u64);
	__type(value, struct acl_count);
} counts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct acl_total);
} totals SEC(".maps");

/*
 * The smallest network with this address whose time is not over. The trie knows the
 * smallest one only, so what is over is stepped over by asking for a shorter prefix.
 */
#define find_rule(map, key, now)                                      \
	({                                                            \
		struct acl_rule *__rule = NULL;                       \
		for (int i = 0; i < NESTED_MAX; i++) {                \
			__rule = bpf_map_lookup_elem(map, key);       \
			if (!__rule || !__rule->until || __rule->until > (now)) \
				break;                                \
			(key)->length = __rule->length - 1;           \
			if (!__rule->length) {                        \
				__rule = NULL;                        \
				break;                                \
			}                                             \
			__rule = NULL;                                \
		}                                                     \
		__rule;                                               \
	})

static __always_inline void tell(const struct net_packet *p, const struct acl_rule *rule, struct acl_count *count, __u64 now)
{
	struct acl_dropped *event;

	/* Two processors may both tell; that is one too many, not one too few. */
	if (report && count->told && now - count->told < report)
		return;
	count->told = now;
	event = acl_event_dropped_reserve();
	if (!event)
		return;
	event->time = now;
	event->packets = count->packets;
	__builtin_memcpy(event->saddr, p->saddr, sizeof(event->saddr));
	__builtin_memcpy(event->daddr, p->daddr, sizeof(event->daddr));
	event->sport = p->sport;
	event->dport = p->dport;
	event->proto = p->proto;
	event->family = p->family;
	event->length = rule->length;
	event->pad = 0;
	acl_event_dropped_submit(event);
}

static __always_inline bool is_blocked(const struct net_packet *p)
{
	__u64 now = bpf_ktime_get_ns();
	struct acl_rule *rule = NULL;
	struct acl_count *count;
	struct acl_total *total;
	__u32 zero = 0;
	__u64 number;

	total = bpf_map_lookup_elem(&totals, &zero);
	if (!total)
		return false;
	__sync_fetch_and_add(&total->seen, p->segments);
	if (p->family == NET_FAMILY_IP4) {
		struct acl_key4 key = { .length = 32, .address = p->saddr[3] };

		rule = find_rule(&list4, &key, now);
	} else if (p->family == NET_FAMILY_IP6) {
		struct acl_key6 key = { .length = 128 };

		__builtin_memcpy(key.address, p->saddr, sizeof(key.address));
		rule = find_rule(&list6, &key, now);
	}
	if (!rule)
		return false;
	__sync_fetch_and_add(&total->blocked, p->segments);
	__sync_fetch_and_add(&total->blocked_bytes, p->bytes);
	number = rule->number;
	count = bpf_map_lookup_elem(&counts, &number);
	if (!count) /* it is being removed */
		return true;
	__sync_fetch_and_add(&count->packets, p->segments);
	__sync_fetch_and_add(&count->bytes, p->bytes);
	tell(p, rule, count, now);
	return true;
}

SEC("xdp")
int check_xdp(struct xdp_md *ctx)
{
	const struct net_packet *p = packet_of_xdp(ctx);

	return p && is_blocked(p) ? XDP_DROP : XDP_PASS;
}

SEC("tc")
int check_tc(struct __sk_buff *skb)
{
	const struct net_packet *p = packet_of_skb(skb);

	return p && is_blocked(p) ? PACKET_TC_DROP : INGRESS_TC_PROCEED;
}
