// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * ratelimit.bpf.c - a token bucket for each source.
 *
 * A bucket will be full again at one moment, and each packet that passes moves it by what
 * a token takes to come back. It is empty when that moment is a whole burst ahead. The
 * moment is not kept, but what it follows from: how many packets passed, and when the
 * first of them would have been had all come at the rate. So nothing has to be filled up,
 * and no lock is needed: packets are only added to, and who finds the bucket full stores
 * a beginning for those that it knew of, so that what others add meanwhile counts on top.
 * Processors that look at once may take one token each more than there are, which the
 * source then owes.
 */
#include <emf/bpf.h>

#include "ratelimit_emf.h"
#include "packet.h"

#define SECOND 1000000000ull

volatile __u32 rate;
volatile __u32 burst;

/* Those that were quiet for longest make room; user space sets the size. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct ratelimit_source);
	__type(value, struct ratelimit_bucket);
} buckets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ratelimit_total);
} totals SEC(".maps");

static __always_inline struct ratelimit_bucket *bucket_of(const struct net_packet *p)
{
	struct ratelimit_bucket full = { 0 }, *bucket;
	struct ratelimit_source source;

	__builtin_memcpy(source.address, p->saddr, sizeof(source.address));
	bucket = bpf_map_lookup_elem(&buckets, &source);
	if (bucket)
		return bucket;
	/* Another processor may have been faster, which is as good. */
	bpf_map_update_elem(&buckets, &source, &full, BPF_NOEXIST);
	return bpf_map_lookup_elem(&buckets, &source);
}

/* Segments that the kernel has merged take a token each; the last ones may be owed. */
static __always_inline bool take(struct ratelimit_bucket *bucket, __u32 packets)
{
	__u32 rate_now = rate, burst_now = burst;
	__u64 now = bpf_ktime_get_ns(), token = SECOND / (rate_now ? rate_now : 1), passed = bucket->passed, due;

	/* What others add behind this has to come on top of the beginning that is read, or stored, below. */
	barrier();
	due = bucket->begin + passed * token;
	/* At the rate of before, an empty bucket could take far too long to fill. */
	if (due < now || bucket->rate != rate_now || bucket->burst != burst_now) {
		bucket->begin = now - passed * token;
		barrier(); /* who sees the new rate sees the beginning that belongs to it */
		bucket->rate = rate_now;
		bucket->burst = burst_now;
		due = now;
	}
	if (due - now + token > token * burst_now) {
		__sync_fetch_and_add(&bucket->dropped, packets);
		return false;
	}
	__sync_fetch_and_add(&bucket->passed, packets);
	return true;
}

static __always_inline bool is_too_much(const struct net_packet *p)
{
	struct ratelimit_bucket *bucket = NULL;
	struct ratelimit_total *total;
	__u32 zero = 0;

	total = bpf_map_lookup_elem(&totals, &zero);
	if (!total)
		return false;
	if (p->family != NET_FAMILY_NONE)
		bucket = bucket_of(p);
	if (!bucket) {
		__sync_fetch_and_add(&total->unlimited, p->segments);
		return false;
	}
	if (take(bucket, p->segments)) {
		__sync_fetch_and_add(&total->passed, p->segments);
		return false;
	}
	__sync_fetch_and_add(&total->dropped, p->segments);
	return true;
}

SEC("xdp")
int limit_xdp(struct xdp_md *ctx)
{
	const struct net_packet *p = packet_of_xdp(ctx);

	return p && is_too_much(p) ? XDP_DROP : XDP_PASS;
}

SEC("tc")
int limit_tc(struct __sk_buff *skb)
{
	const struct net_packet *p = packet_of_skb(skb);

	return p && is_too_much(p) ? PACKET_TC_DROP : INGRESS_TC_PROCEED;
}
