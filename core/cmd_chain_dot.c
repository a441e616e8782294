// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * cmd_chain_dot.c - "chain show --dot": a chain as a picture, in the language of dot(1).
 *
 * Slots stand from left to right, in their order also where nothing is in them: edges that
 * are not drawn keep them there.
 */
#include <inttypes.h>
#include <string.h>

#include "cmd_chain.h"
#include "command.h"
#include "text.h"

#define GREY "color=\"#888888\" fontcolor=\"#888888\""

/* Inside of quotes; a control character would end the line, or drive the terminal. */
static void print_text(const char *text)
{
	for (size_t left = strlen(text), n; left; text += n, left -= n) {
		n = emf_text_character(text, left);
		if (!n) {
			printf("\\\\x%02x", (unsigned char)*text);
			n = 1;
		} else if (*text == '"' || *text == '\\') {
			printf("\\%c", *text);
		} else {
			printf("%.*s", (int)n, text);
		}
	}
}

/* Nodes are named by the numbers of instance, slot and program; none of the last two is one that everything comes from. */
static void print_program(unsigned int at, const struct chains_program *row)
{
	printf("\t\t\tp%u_%u [label=\"", at, row->number);
	print_text(row->program);
	printf("\\n");
	print_text(row->module);
	printf("\\n");
	if (*row->why_not)
		print_text(row->why_not);
	else
		printf("%" PRIu64 " runs\\n%llu ns a run", (uint64_t)row->runs, emf_chain_ns_a_run(row));
	printf("\"%s];\n", row->place ? "" : " style=\"rounded,dashed\" " GREY);
}

static void print_slot(const struct emf_chain_view *view, const struct chains_instance *instance, unsigned int at, unsigned int s)
{
	const struct chains_slot *slot = &view->shape->slots[s];
	const struct chains_program *row = emf_chain_view_program(view, instance, slot, NULL);
	bool takes_part = row && row->place; /* those that do stand first */

	printf("\t\tsubgraph cluster_%u_%u {\n\t\t\tlabel=\"", at, s);
	print_text(slot->name);
	printf("\"; style=\"rounded%s\";%s\n", takes_part ? "" : ",dashed", takes_part ? "" : " " GREY);
	if (!row)
		printf("\t\t\te%u_%u [label=\"empty\" shape=plain " GREY "];\n", at, s);
	for (; row; row = emf_chain_view_program(view, instance, slot, row))
		print_program(at, row);
	printf("\t\t}\n");
}

/* What is drawn is the way of a packet that no program ends. */
static void print_edges(const struct emf_chain_view *view, const struct chains_instance *instance, unsigned int at)
{
	printf("\t\tin%u", at);
	for (__u32 s = 0; s < view->shape->slots_len; s++)
		for (const struct chains_program *row = NULL; (row = emf_chain_view_program(view, instance, &view->shape->slots[s], row));)
			if (row->place)
				printf(" -> p%u_%u", at, row->number);
	printf(" -> out%u;\n", at);
}

static void print_order(const struct emf_chain_view *view, const struct chains_instance *instance, unsigned int at)
{
	printf("\t\tin%u", at);
	for (__u32 s = 0; s < view->shape->slots_len; s++) {
		const struct chains_program *row = emf_chain_view_program(view, instance, &view->shape->slots[s], NULL);

		if (!row)
			printf(" -> e%u_%u", at, s);
		for (; row; row = emf_chain_view_program(view, instance, &view->shape->slots[s], row))
			printf(" -> p%u_%u", at, row->number);
	}
	printf(" -> out%u [style=invis];\n", at);
}

static void print_instance(const struct emf_chain_view *view, const struct chains_instance *instance, unsigned int at)
{
	printf("\tsubgraph cluster_%u {\n\t\tlabel=\"", at);
	print_text(view->chain);
	printf(", generation %u, %" PRIu64 " misses\"; style=\"\"; color=\"#cccccc\";\n", instance->generation, (uint64_t)instance->misses);
	printf("\t\tin%u [label=\"", at);
	print_text(instance->target);
	printf("\\n");
	print_text(instance->type);
	printf("\" shape=cds];\n");
	for (__u32 s = 0; s < view->shape->slots_len; s++)
		print_slot(view, instance, at, s);
	printf("\t\tout%u [label=\"", at);
	print_text(view->shape->verdict);
	printf("\\nif no program\\ndecides\" shape=oval];\n");
	print_edges(view, instance, at);
	print_order(view, instance, at);
	printf("\t}\n");
}

void emf_chain_print_dot(const struct emf_chain_view *view)
{
	const struct chains_instance *instance = NULL;
	unsigned int at = 0;

	printf("digraph \"");
	print_text(view->chain);
	printf("\" {\n\trankdir=LR;\n\tgraph [ranksep=0.3 fontname=\"sans-serif\" fontsize=11];\n"
	       "\tnode [shape=box style=rounded fontname=\"sans-serif\" fontsize=10];\n");
	while ((instance = emf_chain_view_instance(view, instance)))
		print_instance(view, instance, at++);
	printf("}\n");
}
