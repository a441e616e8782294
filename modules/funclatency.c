// SPDX-License-Identifier: BSD-2-Clause
/*
 * funclatency.c - prints the histogram, each interval or in the end.
 */
#include "funclatency_emf.h"

#include <emf/view.h>

#define SLOTS 64

static uint64_t interval_ns;

/* What a kernel part alone would say with a line: its map is a histogram. */
static const struct emf_member slots = { .name = "slots", .type = EMF_U64, .size = sizeof(__u64), .count = SLOTS };
static const struct emf_map_counters counters = { .size = sizeof(__u64), .count = SLOTS };
static const struct emf_view latency[] = {
	{
		.name = "latency", .value_size = SLOTS * sizeof(__u64), .unit = "nsecs", .scale = { .kind = EMF_LOG2, .n = SLOTS }, .slots = &slots,
		.counters = &counters, .n_counters = 1,
	},
	{ .name = NULL },
};
static const struct emf_views views = { .interval_ns = &interval_ns, .views = latency };

int funclatency_configure(struct module *m)
{
	interval_ns = funclatency_params.interval;
	m->views = &views;
	return 0;
}

int funclatency_destroy(struct module *m)
{
	const struct funclatency_bpf *skeleton = funclatency_skeleton(m);

	if (skeleton->bss->lost)
		emf_warn(m, "%llu calls were not measured: more than %d inside of each other, or too many threads", skeleton->bss->lost, FUNCLATENCY_DEPTH);
	return 0;
}
