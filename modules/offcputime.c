// SPDX-License-Identifier: BSD-2-Clause
/*
 * offcputime.c - prints what tasks waited for, by their stacks.
 */
#include "offcputime_emf.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Functions are looked up while their process is there, mostly: not in the end only. */
#define LOOK_EVERY_NS UINT64_C(500000000)
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
	return emf_timer_start(m, &timer, LOOK_EVERY_NS, LOOK_EVERY_NS);
}

/* In one step from Linux 5.14 on. Names are looked up behind it: the first ones take long, and tasks go on waiting. */
static uint64_t take(struct module *m, const struct offcputime_key *key)
{
	__u64 ns = 0;

	if (!bpf_map_lookup_and_delete_elem(bpf_map__fd(offcputime_skeleton(m)->maps.counts), key, &ns))
		return ns;
	if (offcputime_map_counts_lookup(m, key, &ns))
		return 0;
	offcputime_map_counts_delete(m, key);
	return ns;
}

static int add(const struct offcputime_key *key, const __u64 *seen, void *ctx)
{
	struct emf_stack stack = { .pid = key->pid, .user = key->user, .kernel = key->kernel, .weight = take(ctx, key) / US_NS };

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
	enum emf_stack_form form = offcputime_params.svg[0] ? EMF_STACK_SVG : offcputime_params.folded ? EMF_STACK_FOLDED : EMF_STACK_TEXT;

	offcputime_map_counts_for_each(m, add, m);
	emf_stack_report_end(report, form, "us", offcputime_params.svg);
	report = NULL;
	if (skeleton->bss->lost || skeleton->bss->missed)
		emf_warn(m, "%llu waits were not counted, and %llu stacks not read: they had no room in the maps", skeleton->bss->lost, skeleton->bss->missed);
	return 0;
}
