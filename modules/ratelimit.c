// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * ratelimit.c - who sent too much.
 */
#include "ratelimit_emf.h"

#include <string.h>

#include "address.h"
#include "ethernet.h"

struct sender {
	struct ratelimit_source source;
	struct ratelimit_bucket bucket;
};

static struct {
	struct module *m;
	struct sender senders[RATELIMIT_ROWS_MAX]; /* most packets dropped first */
	size_t n, limit;
} r;

/* Few sources have packets dropped: putting each into its place is good enough. */
static int add(const struct ratelimit_source *source, const struct ratelimit_bucket *bucket, void *ctx)
{
	size_t at = r.n;

	(void)ctx;
	if (!bucket->dropped)
		return 0;
	while (at && r.senders[at - 1].bucket.dropped < bucket->dropped)
		at--;
	if (at == r.limit)
		return 0;
	if (r.n < r.limit)
		r.n++;
	memmove(&r.senders[at + 1], &r.senders[at], (r.n - at - 1) * sizeof(r.senders[0]));
	r.senders[at] = (struct sender){ *source, *bucket };
	return 0;
}

static int find_top(size_t limit)
{
	r.n = 0;
	r.limit = limit < RATELIMIT_ROWS_MAX ? limit : RATELIMIT_ROWS_MAX;
	return ratelimit_map_buckets_for_each(r.m, add, NULL);
}

int ratelimit_serve_top(struct ebus_call *call, const struct ratelimit_top_args *args, struct ratelimit_top_reply *reply)
{
	int err = find_top(args->limit);

	(void)call;
	if (err)
		return err;
	for (size_t i = 0; i < r.n; i++) {
		struct ratelimit_row *row = &reply->rows[i];

		*row = (struct ratelimit_row){ .passed = r.senders[i].bucket.passed, .dropped = r.senders[i].bucket.dropped };
		address_text(row->source, r.senders[i].source.address);
	}
	reply->rows_len = (__u32)r.n;
	return 0;
}

int ratelimit_serve_totals(struct ebus_call *call, struct ratelimit_totals_reply *reply)
{
	struct ratelimit_total total;
	__u32 zero = 0;
	int err = ratelimit_map_totals_sum(r.m, &zero, &total);

	(void)call;
	if (!err)
		*reply = (struct ratelimit_totals_reply){ total.passed, total.dropped, total.unlimited };
	return err;
}

int ratelimit_configure(struct module *m)
{
	return bpf_map__set_max_entries(ratelimit_skeleton(m)->maps.buckets, ratelimit_params.sources);
}

int ratelimit_create(struct module *m)
{
	r.m = m;
	return ethernet_check(m);
}

int ratelimit_destroy(struct module *m)
{
	struct ratelimit_total total;
	__u32 zero = 0;

	if (find_top(10) || ratelimit_map_totals_sum(m, &zero, &total))
		return 0;
	emf_print(m, "%-39s %12s %12s\n", "SOURCE", "PASSED", "DROPPED");
	for (size_t i = 0; i < r.n; i++) {
		char address[INET6_ADDRSTRLEN];

		address_text(address, r.senders[i].source.address);
		emf_print(m, "%-39s %12llu %12llu\n", address, r.senders[i].bucket.passed, r.senders[i].bucket.dropped);
	}
	emf_print(m, "%-39s %12llu %12llu\n", "all", total.passed, total.dropped);
	return 0;
}
