// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * cmd_chain_show.c - "chain show": the slots of one chain where it hangs, and who is in them.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cmd_chain.h"
#include "command.h"
#include "json.h"
#include "table.h"

#define TRIES 10 /* for three answers of one generation */

const struct chains_instance *emf_chain_view_instance(const struct emf_chain_view *view, const struct chains_instance *last)
{
	for (__u32 i = last ? (__u32)(last - view->list->rows) + 1 : 0; i < view->list->rows_len; i++)
		if (!strcmp(view->list->rows[i].chain, view->chain))
			return &view->list->rows[i];
	return NULL;
}

const struct chains_program *emf_chain_view_program(const struct emf_chain_view *view, const struct chains_instance *instance,
						    const struct chains_slot *slot, const struct chains_program *last)
{
	for (__u32 i = last ? (__u32)(last - view->show->rows) + 1 : 0; i < view->show->rows_len; i++)
		if (!strcmp(view->show->rows[i].target, instance->target) && !strcmp(view->show->rows[i].slot, slot->name))
			return &view->show->rows[i];
	return NULL;
}

unsigned long long emf_chain_ns_a_run(const struct chains_program *program)
{
	return program->runs ? program->time / program->runs : 0;
}

/* --- what is asked */

static __u64 generations(const struct emf_chain_view *view)
{
	const struct chains_instance *instance = NULL;
	__u64 sum = 0;

	while ((instance = emf_chain_view_instance(view, instance)))
		sum += instance->generation;
	return sum;
}

/* Generations only go up: with the same sum before and behind it, all answers are of the same ones. */
static int ask(struct emf_chain_view *view)
{
	struct chains_show_args show = { 0 };
	struct chains_shape_args shape = { 0 };
	__u64 before;
	int err;

	snprintf(show.chain, sizeof(show.chain), "%s", view->chain);
	snprintf(shape.chain, sizeof(shape.chain), "%s", view->chain);
	err = chains_call_shape(&chains_client, &shape, view->shape);
	if (!err)
		err = chains_call_list(&chains_client, view->list);
	for (int i = 0; i < TRIES && !err; i++) {
		before = generations(view);
		err = chains_call_show(&chains_client, &show, view->show);
		if (!err)
			err = chains_call_list(&chains_client, view->list);
		if (!err && generations(view) == before)
			return 0;
	}
	return err ? err : -EAGAIN;
}

/* --- what is printed */

static void print_program(struct emf_table *table, const struct chains_program *row)
{
	emf_table_cell(table, "%s", row->slot);
	if (row->place)
		emf_table_cell(table, "%u", row->place);
	else
		emf_table_cell(table, "-");
	emf_table_cell(table, "%s", row->module);
	emf_table_cell(table, "%s", row->program);
	emf_table_cell(table, "%" PRIu64, (uint64_t)row->runs);
	emf_table_cell(table, "%llu", emf_chain_ns_a_run(row));
	emf_table_cell(table, "%" PRIu64, (uint64_t)row->misses);
	emf_table_cell(table, "%s", row->why_not);
}

static int print_table(const struct emf_chain_view *view)
{
	const struct chains_instance *instance = NULL;
	struct emf_table table;

	while ((instance = emf_chain_view_instance(view, instance))) {
		printf("%s%s (%s) on %s: generation %u, runs are %scounted, %" PRIu64 " misses, %" PRIu64 " refused\n",
		       instance == emf_chain_view_instance(view, NULL) ? "" : "\n", view->chain, instance->type, instance->target,
		       instance->generation, instance->counts ? "" : "not ", (uint64_t)instance->misses, (uint64_t)instance->refused);
		emf_table_init(&table, 8);
		emf_table_row(&table, "SLOT", "PLACE", "MODULE", "PROGRAM", "RUNS", "NS/RUN", "MISSES", "", NULL);
		for (__u32 i = 0; i < view->shape->slots_len; i++) {
			const struct chains_slot *slot = &view->shape->slots[i];
			const struct chains_program *row = emf_chain_view_program(view, instance, slot, NULL);

			if (!row)
				emf_table_row(&table, slot->name, "-", "-", "-", "-", "-", "-", "nothing is in it", NULL);
			for (; row; row = emf_chain_view_program(view, instance, slot, row))
				print_program(&table, row);
		}
		if (emf_table_print(&table, stdout))
			return EMF_EXIT_FAILED;
	}
	return EMF_EXIT_OK;
}

/* @row is NULL of a slot that nothing is in. */
static json_t *json_of(const struct emf_chain_view *view, const struct chains_instance *instance, const struct chains_slot *slot,
		       const struct chains_program *row)
{
	const char *why_not = row ? row->why_not : "nothing is in it";

	return json_pack("{s:s, s:s, s:o, s:I, s:I, s:s, s:I, s:s?, s:s?, s:I, s:I, s:s?}", "chain", view->chain, "type", instance->type, "target",
			 emf_json_text(instance->target), "generation", (json_int_t)instance->generation, "misses", (json_int_t)(row ? row->misses : 0),
			 "slot", slot->name, "place", (json_int_t)(row ? row->place : 0), "module", row ? row->module : NULL, "program",
			 row ? row->program : NULL, "runs", (json_int_t)(row ? row->runs : 0), "ns", (json_int_t)(row ? row->time : 0), "why_not",
			 *why_not ? why_not : NULL);
}

static int print_json(const struct emf_chain_view *view)
{
	const struct chains_instance *instance = NULL;
	json_t *all = json_array();

	while ((instance = emf_chain_view_instance(view, instance))) {
		for (__u32 i = 0; i < view->shape->slots_len; i++) {
			const struct chains_slot *slot = &view->shape->slots[i];
			const struct chains_program *row = NULL;

			do {
				row = emf_chain_view_program(view, instance, slot, row);
				json_array_append_new(all, json_of(view, instance, slot, row));
			} while (row && emf_chain_view_program(view, instance, slot, row));
		}
	}
	return emf_json_print(all);
}

static int print(const struct emf_chain_view *view, enum emf_chain_form form)
{
	if (form == EMF_CHAIN_JSON)
		return print_json(view);
	if (form == EMF_CHAIN_TABLE)
		return print_table(view);
	emf_chain_print_dot(view);
	return EMF_EXIT_OK;
}

int emf_chain_show(const char *chain, enum emf_chain_form form)
{
	struct emf_chain_view view = { .chain = chain };
	int err = -ENOMEM, status;

	if (strlen(chain) >= sizeof(view.show->rows[0].slot)) {
		emf_err(NULL, "nothing has a name as long as '%.80s'", chain);
		return EMF_EXIT_USAGE;
	}
	view.list = malloc(sizeof(*view.list));
	view.show = malloc(sizeof(*view.show));
	view.shape = malloc(sizeof(*view.shape));
	if (view.list && view.show && view.shape)
		err = ask(&view);
	if (err == -EAGAIN)
		emf_err(NULL, "chain %s changes faster than it can be shown: try again", chain);
	status = err == -EAGAIN ? EMF_EXIT_FAILED : err ? emf_cmd_chain_tell(err) : print(&view, form);
	free(view.list);
	free(view.show);
	free(view.shape);
	return status;
}
