// SPDX-License-Identifier: BSD-2-Clause
/*
 * mallocstacks.c - prints the stacks in the end.
 */
#include "mallocstacks_emf.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

#include "stack_counts.h"

static struct emf_stack_report *report;
static struct emf_timer timer;
static bool looked[MALLOCSTACKS_STACKS]; /* at this stack */

static void look(struct emf_timer *expired);

int mallocstacks_configure(struct module *m)
{
	return bpf_map__set_max_entries(mallocstacks_skeleton(m)->maps.blocks, mallocstacks_params.max_blocks);
}

int mallocstacks_create(struct module *m)
{
	report = emf_stack_report_new(m, bpf_map__fd(mallocstacks_skeleton(m)->maps.stacks));
	memset(looked, 0, sizeof(looked));
	timer.expired = look;
	return report ? 0 : -ENOMEM;
}

int mallocstacks_attach(struct module *m)
{
	return emf_timer_start(m, &timer, STACK_COUNTS_EVERY_NS, STACK_COUNTS_EVERY_NS);
}

/* The process and its files are known from then on. */
static int look_at(const struct mallocstacks_key *key, const struct mallocstacks_kept *kept, void *ctx)
{
	uint64_t addresses[MALLOCSTACKS_DEPTH] = { 0 };
	char name[EMF_SYMBOL_MAX];

	(void)kept;
	if (key->user < 0 || key->user >= MALLOCSTACKS_STACKS || looked[key->user])
		return 0;
	looked[key->user] = true;
	if (!bpf_map_lookup_elem(bpf_map__fd(mallocstacks_skeleton(ctx)->maps.stacks), &key->user, addresses))
		for (size_t i = 0; i < MALLOCSTACKS_DEPTH && addresses[i]; i++)
			emf_symbol_user(key->pid, addresses[i], name);
	return 0;
}

static void look(struct emf_timer *expired)
{
	struct module *m = expired->source.owner;

	mallocstacks_map_counts_for_each(m, look_at, m);
}

static int add(const struct mallocstacks_key *key, const struct mallocstacks_kept *kept, void *ctx)
{
	struct emf_stack stack = { .pid = key->pid, .user = key->user, .kernel = -1, .weight = kept->bytes };

	(void)ctx;
	memcpy(stack.comm, kept->comm, sizeof(stack.comm));
	if (kept->blocks)
		emf_stack_report_add(report, &stack); /* what has no room is told at the end */
	return 0;
}

int mallocstacks_destroy(struct module *m)
{
	const struct mallocstacks_bpf *skeleton = mallocstacks_skeleton(m);
	enum emf_stack_form form = stack_counts_form(mallocstacks_params.svg, mallocstacks_params.folded);

	mallocstacks_map_counts_for_each(m, add, NULL);
	emf_stack_report_end(report, form, "bytes", mallocstacks_params.svg);
	report = NULL;
	if (skeleton->bss->lost || skeleton->bss->missed)
		emf_warn(m, "%llu blocks were not counted, since the maps were full (--max-blocks), and %llu have no stack", skeleton->bss->lost, skeleton->bss->missed);
	return 0;
}
