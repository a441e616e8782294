// SPDX-License-Identifier: BSD-2-Clause
/*
 * tcprtt.c - says that the maps are histograms.
 */
#include "tcprtt_emf.h"

#include <emf/view.h>

#define SLOTS 64

static const struct emf_member remote = { .name = "remote", .type = EMF_IP, .size = sizeof(struct tcprtt_remote), .count = 1 };
static const struct emf_record remote_record = { "remote", sizeof(struct tcprtt_remote), sizeof(struct tcprtt_remote), 1, &remote };
static const struct emf_member slots = { .name = "slots", .type = EMF_U64, .size = sizeof(__u64), .count = SLOTS };
static const struct emf_map_counters counters = { .size = sizeof(__u64), .count = SLOTS };

static uint64_t interval_ns;
static struct emf_view hists[] = {
	{ .value_size = SLOTS * sizeof(__u64), .scale = { .kind = EMF_LOG2, .n = SLOTS }, .slots = &slots },
	{ .name = NULL },
};
static const struct emf_views views = { .interval_ns = &interval_ns, .views = hists };

int tcprtt_configure(struct module *m)
{
	bool by_remote = tcprtt_params.by_remote;

	interval_ns = tcprtt_params.interval;
	hists[0].unit = tcprtt_params.ms ? "msecs" : "usecs";
	hists[0].name = by_remote ? "remotes" : "all";
	hists[0].key = by_remote ? &remote_record : NULL;
	/* That one is of each CPU. */
	hists[0].counters = by_remote ? NULL : &counters;
	hists[0].n_counters = !by_remote;
	m->views = &views;
	return 0;
}

int tcprtt_destroy(struct module *m)
{
	const struct tcprtt_bpf *skeleton = tcprtt_skeleton(m);

	if (skeleton->bss->lost)
		emf_warn(m, "%llu segments were not counted: from more addresses than there are histograms", skeleton->bss->lost);
	return 0;
}
