// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * view_stacks.c - stacks of a map that are printed by themselves: taken now and then, since their
 * functions have names only as long as their process is there.
 */
#include "view_stacks.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <emf/symbol.h>

#include "core.h"
#include "stack_report.h"
#include "value.h"
#include "view_rows.h"

#define LOOKED_MAX (1 << 20) /* 8 MiB */

struct emf_view_taken {
	struct emf_stack_report report;
	/* Of stacks that are read in the end only: which were looked at, one process and stack in each place, n a power of two. */
	uint32_t n_looked;
	uint64_t looked[];
};

/* --- before the start */

static bool is_set(const __u8 *value)
{
	return value && *value;
}

static bool has_stacks(const struct emf_unit *unit)
{
	for (size_t i = 0; i < unit->view.n; i++)
		if (unit->view.shown[i]->view->stacks)
			return true;
	return false;
}

static int check(const struct emf_unit *unit)
{
	const struct emf_views *views = unit->m->views;
	bool is_folded, is_svg;
	int err;

	if (!has_stacks(unit))
		return 0;
	if (is_set(views->user_only) && is_set(views->kernel_only)) {
		emf_err(unit->m, "--user-only and --kernel-only together leave nothing to show");
		return -EINVAL;
	}
	is_svg = views->svg && *views->svg;
	is_folded = is_set(views->folded);
	if ((is_svg || is_folded) && unit->emf->show.form != EMF_FORM_TABLE) {
		emf_err(unit->m, "--%s is a form of its own: leave out --json and --csv", is_svg ? "svg" : "folded");
		return -EINVAL;
	}
	if (unit->emf->show.columns && (is_svg || is_folded || unit->emf->show.form == EMF_FORM_TABLE)) {
		emf_err(unit->m, "--columns: stacks have columns with --json and --csv only");
		return -EINVAL;
	}
	err = is_svg ? emf_stack_report_try(views->svg) : 0;
	if (err)
		emf_err(unit->m, "--svg: '%s' cannot be written: %s", views->svg, err == -EMEDIUMTYPE ? "it is there, and no regular file" : strerror(-err));
	return err ? -EINVAL : 0;
}

int emf_view_stacks_check(const struct emf *emf)
{
	int err = 0;

	for (size_t u = 0; !err && u < emf->registry.n; u++)
		if (emf->registry.units[u]->wanted)
			err = check(emf->registry.units[u]);
	return err;
}

int emf_view_stacks_begin(const struct emf_unit *unit, struct emf_view_shown *shown)
{
	const struct emf_view_stacks *stacks = shown->view->stacks;
	const struct emf_map *map = emf_map_get(unit->m, stacks->map);
	const struct bpf_map *bpf_map = (const struct bpf_map *)map;
	uint32_t n = 1;

	if (!map)
		return -ENOENT;
	/* The build has seen to it, but the module may have changed it since. */
	if (bpf_map__value_size(bpf_map) > EMF_STACK_DEPTH * sizeof(uint64_t) || bpf_map__map_flags(bpf_map) & BPF_F_STACK_BUILD_ID)
		return -EMSGSIZE;
	while (stacks->at_end && n < emf_map_max_entries(map) && n < LOOKED_MAX)
		n *= 2;
	shown->taken = calloc(1, sizeof(*shown->taken) + n * sizeof(*shown->taken->looked));
	if (!shown->taken)
		return -ENOMEM;
	shown->taken->n_looked = n;
	shown->taken->report = (struct emf_stack_report){ .m = unit->m, .stacks = bpf_map__fd(bpf_map), .per = stacks->per, .unit = shown->view->unit };
	return 0;
}

/* --- one after the other */

static uint64_t load(const struct emf_member *member, const char *from)
{
	struct emf_value_type type = emf_value_type_of(member);

	return emf_value_load(&type, from + member->offset);
}

static struct emf_stack stack_of(const struct emf_view_stacks *stacks, const struct emf_view_row *row)
{
	struct emf_stack stack = { .pid = (uint32_t)load(stacks->pid, row->key), .user = -1, .kernel = -1, .weight = load(stacks->weight, row->value) };

	if (stacks->user)
		stack.user = (int32_t)load(stacks->user, row->key);
	if (stacks->kernel)
		stack.kernel = (int32_t)load(stacks->kernel, row->key);
	if (stacks->comm)
		memcpy(stack.comm, (stacks->is_comm_of_value ? row->value : row->key) + stacks->comm->offset, sizeof(stack.comm));
	return stack;
}

/* Processes of one program share stacks. Who meets another one in its place is looked at again, which costs time only. */
static bool is_looked_at(struct emf_view_taken *taken, const struct emf_stack *stack)
{
	uint64_t key = (uint64_t)stack->pid << 32 | ((uint32_t)stack->user + 1u);
	uint64_t *place = &taken->looked[(key * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (taken->n_looked - 1)]; /* 2^64 / golden ratio */

	if (*place == key)
		return true;
	*place = key;
	return false;
}

/* The process and its files are known from then on. */
static void learn(struct emf_view_taken *taken, const struct emf_stack *stack)
{
	uint64_t addresses[EMF_STACK_DEPTH] = { 0 };
	char name[EMF_SYMBOL_MAX];

	if (stack->user < 0 || is_looked_at(taken, stack))
		return;
	if (bpf_map_lookup_elem(taken->report.stacks, &stack->user, addresses))
		return;
	for (size_t i = 0; i < EMF_STACK_DEPTH && addresses[i]; i++)
		emf_symbol_user(stack->pid, addresses[i], name);
}

/* @take: what is read is what is printed. */
static int read_all(const struct emf_unit *unit, struct emf_view_shown *shown, bool take)
{
	const struct emf_view_stacks *stacks = shown->view->stacks;
	struct emf_view_rows rows;
	int err = emf_view_rows_read(unit, shown->view, take && !stacks->at_end, &rows);

	/* Also after an error: what was taken before it went wrong is not in the map any more. */
	for (size_t i = 0; i < rows.n; i++) {
		struct emf_stack stack = stack_of(stacks, &rows.rows[i]);

		if (!stack.weight || !emf_shown_matches(&shown->shown, rows.rows[i].value))
			continue;
		if (!take)
			learn(shown->taken, &stack);
		else if (emf_stack_report_add(&shown->taken->report, &stack) == -ENOMEM)
			err = -ENOMEM;
	}
	emf_view_rows_free(&rows);
	return err;
}

int emf_view_stacks_look(const struct emf_unit *unit, struct emf_view_shown *shown)
{
	return read_all(unit, shown, !shown->view->stacks->at_end);
}

/* --- printing */

static enum emf_stack_form form_of(const struct emf_unit *unit)
{
	if (is_set(unit->m->views->folded))
		return EMF_STACK_FOLDED;
	switch (unit->emf->show.form) {
	case EMF_FORM_JSON:
		return EMF_STACK_JSON;
	case EMF_FORM_CSV:
		return EMF_STACK_CSV;
	default:
		return EMF_STACK_TEXT;
	}
}

void emf_view_stacks_print(const struct emf_unit *unit, struct emf_view_shown *shown, uint64_t now_ns)
{
	struct emf_stack_report *report = &shown->taken->report;
	const char *svg = unit->m->views->svg;
	int err = read_all(unit, shown, true);

	if (err) {
		emf_err(unit->m, "'%s' cannot be read: %s; what is left in map '%s' is not printed", shown->view->name, strerror(-err), shown->view->map);
		unit->emf->exit_status = EMF_EXIT_FAILED;
	}
	emf_stack_report_sort(report);
	if (!svg || !*svg)
		emf_stack_report_print(report, form_of(unit), &shown->shown, now_ns);
	else if ((err = emf_stack_report_write(report, svg))) {
		emf_err(unit->m, "the flame graph '%s' was not written: %s", svg, strerror(-err));
		unit->emf->exit_status = EMF_EXIT_FAILED;
	}
	if (report->beyond)
		emf_warn(unit->m, "%" PRIu64 " %s are not shown: there were more than %d different stacks", report->beyond, report->unit, EMF_STACKS_MAX);
	emf_stack_report_clear(report);
}

void emf_view_stacks_free(struct emf_view_shown *shown)
{
	if (!shown->taken)
		return;
	emf_stack_report_clear(&shown->taken->report);
	free(shown->taken);
	shown->taken = NULL;
}
