// SPDX-License-Identifier: BSD-2-Clause
/*
 * profile.c - prints the stacks in the end.
 */
#include "profile_emf.h"

#include <errno.h>
#include <string.h>

#include "stack_counts.h"

static struct emf_stack_report *report;
static struct emf_timer timer;

static void look(struct emf_timer *expired);

int profile_create(struct module *m)
{
	if (profile_params.user_only && profile_params.kernel_only) {
		emf_err(m, "--user-only and --kernel-only together leave nothing to show");
		return -EINVAL;
	}
	report = emf_stack_report_new(m, bpf_map__fd(profile_skeleton(m)->maps.stacks));
	timer.expired = look;
	return report ? 0 : -ENOMEM;
}

int profile_attach(struct module *m)
{
	return emf_timer_start(m, &timer, STACK_COUNTS_EVERY_NS, STACK_COUNTS_EVERY_NS);
}

static int add(const struct profile_key *key, const __u64 *seen, void *ctx)
{
	struct emf_stack stack = { .pid = key->pid, .user = key->user, .kernel = key->kernel, .weight = stack_counts_take(profile_skeleton(ctx)->maps.counts, key) };

	(void)seen; /* it may be more by now */
	memcpy(stack.comm, key->comm, sizeof(stack.comm));
	emf_stack_report_add(report, &stack); /* what has no room is told at the end */
	return 0;
}

static void look(struct emf_timer *expired)
{
	struct module *m = expired->source.owner;

	profile_map_counts_for_each(m, add, m);
}

static void print(struct module *m)
{
	const struct profile_bpf *skeleton = profile_skeleton(m);

	profile_map_counts_for_each(m, add, m);
	emf_stack_report_end(report, stack_counts_form(profile_params.svg, profile_params.folded), "samples",
			     profile_params.svg);
	report = NULL;
	if (skeleton->bss->lost || skeleton->bss->missed)
		emf_warn(m, "%llu samples were not counted, and %llu stacks not read: the maps were full", skeleton->bss->lost, skeleton->bss->missed);
}

int profile_destroy(struct module *m)
{
	if (report)
		print(m);
	return 0;
}
