/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * chain_plan.h - which programs stand in a chain, in which order.
 */
#ifndef EMF_CORE_CHAIN_PLAN_H
#define EMF_CORE_CHAIN_PLAN_H

#include <emf/chain.h>
#include <emf/chain_types.h>

#include "module.h"

struct emf_chain_place {
	struct emf_unit *unit;
	const struct emf_plug *plug;
	uint32_t number; /* of it in the chain, from 1, enabled or not: the same in all generations */
	uint16_t order;	 /* as was chosen */
};

/* What was chosen at run time for a program, by its number. */
struct emf_chain_choice {
	bool is_disabled;
	uint16_t order; /* in its slot, before the priority of its module; 0: not chosen, and before all others */
};

struct emf_chain_plan {
	struct emf_chain_place places[EMF_CHAIN_PROGRAMS_MAX];
	size_t n;
};

/**
 * emf_chain_plan() - order the programs that are plugged into a chain
 * @plan: receives them: by slot, then by the priority of their modules, then by name
 * @chain: that they are part of
 * @registry: the modules; those that are created or run take part
 * @choices: EMF_CHAIN_NUMBERS_MAX of them
 * @why: receives a sentence
 * @why_size: of it
 *
 * Return: 0; -ENOENT for a slot that nothing is in; -ENOSPC for one with too many; both in @why.
 */
int emf_chain_plan(struct emf_chain_plan *plan, const struct emf_chain *chain, const struct emf_registry *registry,
		   const struct emf_chain_choice *choices, char *why, size_t why_size);

/*
 * emf_chain_each() - programs that are plugged into a chain, whether they take part or not
 *
 * Return: how many; @each is called with each of them, by number, and the reasons why it does not take part, or NULL.
 */
uint32_t emf_chain_each(const struct emf_chain *chain, const struct emf_registry *registry, const struct emf_chain_choice *choices,
			void (*each)(void *arg, const struct emf_chain_place *place, const char *why_not), void *arg);

/* Which one of two stands before the other, as strcmp(). */
int emf_chain_compare(const struct emf_chain_place *a, const struct emf_chain_place *b);

/* Of the first program in a slot or behind it; -1 if there is none. */
int32_t emf_chain_plan_index(const struct emf_chain_plan *plan, unsigned int slot);

#endif
