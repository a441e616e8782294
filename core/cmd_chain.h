/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * cmd_chain.h - parts of the command "chain".
 */
#ifndef EMF_CORE_CMD_CHAIN_H
#define EMF_CORE_CMD_CHAIN_H

#include <stdbool.h>

#include "emf_emf.h"

struct emf_client;

/* One chain as the product has it at one time. */
struct emf_chain_view {
	const char *chain;
	struct chains_list_reply *list; /* of all chains */
	struct chains_show_reply *show;
	struct chains_shape_reply *shape;
};

enum emf_chain_form { EMF_CHAIN_TABLE, EMF_CHAIN_JSON, EMF_CHAIN_DOT };

/* What a call of service chains came to, told. Return: the exit status. */
int emf_cmd_chain_tell(int err);

/* "chain show". Return: the exit status. */
int emf_chain_show(const char *chain, enum emf_chain_form form);

/* The instances of this chain, one by one: NULL is before the first one and behind the last one. */
const struct chains_instance *emf_chain_view_instance(const struct emf_chain_view *view, const struct chains_instance *last);

/* Likewise programs of one slot there: those that take part in their order, then the others. */
const struct chains_program *emf_chain_view_program(const struct emf_chain_view *view, const struct chains_instance *instance,
						    const struct chains_slot *slot, const struct chains_program *last);

/* Time of a run on average; 0 if none was counted. */
unsigned long long emf_chain_ns_a_run(const struct chains_program *program);

/* Prints it in the language of dot(1). */
void emf_chain_print_dot(const struct emf_chain_view *view);

/* "chain trace": follows packets until it is interrupted, and ends the trace then. */
int emf_chain_follow(struct emf_client *client, const char *chain, const char *sample, bool as_json);

#endif
