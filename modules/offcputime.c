// SPDX-License-Identifier: BSD-2-Clause
/*
 * offcputime.c - prints what tasks waited for, by their stacks.
 */
#include "offcputime_emf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "stack_counts.h"

#define US_NS 1000

static struct emf_stack_report *report;
static struct emf_timer timer;

static void look(struct emf_timer *expired);

int offcputime_create(struct module *m)
{
	if (offcputime_params.user_only && offcputime_params.kernel_only) {
		emf_err(m, "--user-only and --kernel-only together leave nothing to show");
		return -EINVAL;
	}
	report = emf_stack_report_new(m, bpf_map__fd(offcputime_skeleton(m)->maps.stacks));
	timer.expired = look;
	return report ? 0 : -ENOMEM;
}

int offcputime_attach(struct module *m)
{
	return emf_timer_start(m, &timer, STACK_COUNTS_EVERY_NS, STACK_COUNTS_EVERY_NS);
}

static int add(const struct offcputime_key *key, const __u64 *seen, void *ctx)
{
	struct emf_stack stack = { .pid = key->pid, .user = key->user, .kernel = key->kernel, .weight = stack_counts_take(offcputime_skeleton(ctx)->maps.counts, key) / US_NS };

	(void)seen; /* it may be more by now */
	memcpy(stack.comm, key->comm, sizeof(stack.comm));
	emf_stack_report_add(report, &stack); /* what has no room is told at the end */
	return 0;
}

static void look(struct emf_timer *expired)
{
	struct module *m = expired->source.owner;

	offcputime_map_counts_for_each(m, add, m);
}

int offcputime_destroy(struct module *m)
{
	const struct offcputime_bpf *skeleton = offcputime_skeleton(m);
	enum emf_stack_form form = stack_counts_form(offcputime_params.svg, offcputime_params.folded);

	offcputime_map_counts_for_each(m, add, m);
	emf_stack_report_end(report, form, "us", offcputime_params.svg);
	report = NULL;
	if (skeleton->bss->lost || skeleton->bss->missed)
		emf_warn(m, "%llu waits were not counted, and %llu stacks not read: they had no room in the maps", skeleton->bss->lost, skeleton->bss->missed);
	return 0;
}
