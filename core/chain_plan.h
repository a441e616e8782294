/* SPDX-License-Identifier: BSD-2-Clause */
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
 * @why: receives a sentence
 * @why_size: of it
 *
 * Return: 0; -ENOENT for a slot that nothing is in; -ENOSPC for one with too many; both in @why.
 */
int emf_chain_plan(struct emf_chain_plan *plan, const struct emf_chain *chain, const struct emf_registry *registry,
		   char *why, size_t why_size);

/* The place of the first program in a slot or behind it, from 1; 0 if there is none. */
uint32_t emf_chain_plan_place(const struct emf_chain_plan *plan, unsigned int slot);

#endif
