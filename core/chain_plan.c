// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * chain_plan.c - which programs stand in a chain, in which order.
 */
#include "chain_plan.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* NULL if it does. */
static const char *why_not(const struct emf_unit *unit, const struct emf_chain_choice *choice)
{
	if (unit->state != EMF_UNIT_CREATED && unit->state != EMF_UNIT_RUNNING)
		return "its module does not run";
	return choice->is_disabled ? "it is disabled" : NULL;
}

uint32_t emf_chain_each(const struct emf_chain *chain, const struct emf_registry *registry, const struct emf_chain_choice *choices,
			void (*each)(void *arg, const struct emf_chain_place *place, const char *why_not), void *arg)
{
	uint32_t number = 0;

	for (size_t i = 0; i < registry->n; i++) {
		struct emf_unit *unit = registry->units[i];

		for (const struct emf_plug *p = unit->m->plugs; p && p->program; p++) {
			if (p->chain != chain || number == EMF_CHAIN_NUMBERS_MAX - 1)
				continue;
			number++;
			each(arg, &(struct emf_chain_place){ unit, p, number, choices[number].order }, why_not(unit, &choices[number]));
		}
	}
	return number;
}

int emf_chain_compare(const struct emf_chain_place *a, const struct emf_chain_place *b)
{
	int by_name;

	if (a->plug->slot != b->plug->slot)
		return a->plug->slot < b->plug->slot ? -1 : 1;
	if (a->order != b->order)
		return a->order < b->order ? -1 : 1;
	if (a->unit->m->prio != b->unit->m->prio)
		return a->unit->m->prio < b->unit->m->prio ? -1 : 1;
	by_name = strcmp(a->unit->m->name, b->unit->m->name);
	return by_name ? by_name : strcmp(a->plug->program, b->plug->program);
}

struct filling {
	struct emf_chain_plan *plan;
	bool is_full;
};

static void insert(void *arg, const struct emf_chain_place *place, const char *why_not)
{
	struct filling *filling = arg;
	struct emf_chain_plan *plan = filling->plan;
	size_t at = plan->n;

	if (why_not)
		return;
	if (plan->n == EMF_CHAIN_PROGRAMS_MAX) {
		filling->is_full = true;
		return;
	}
	while (at && emf_chain_compare(place, &plan->places[at - 1]) < 0) {
		plan->places[at] = plan->places[at - 1];
		at--;
	}
	plan->places[at] = *place;
	plan->n++;
}

static int check_slot(const struct emf_chain_plan *plan, const struct emf_chain *chain, unsigned int slot, char *why,
		      size_t why_size)
{
	const struct emf_chain_slot *of = &chain->slots[slot];
	const struct emf_chain_place *last = NULL;
	size_t n = 0;

	for (size_t i = 0; i < plan->n; i++) {
		n += plan->places[i].plug->slot == slot;
		last = plan->places[i].plug->slot == slot ? &plan->places[i] : last;
	}
	if (n > of->room) {
		snprintf(why, why_size, "slot %s of chain %s has room for %u, and %zu programs are plugged into it; the last one is %s of module %s",
			 of->name, chain->name, of->room, n, last->plug->program, last->unit->m->name);
		return -ENOSPC;
	}
	if (n || of->optional || of->room > 1)
		return 0;
	snprintf(why, why_size, "slot %s of chain %s would be empty, and has to have a program: a module that plugs one into it has to run", of->name, chain->name);
	return -ENOENT;
}

int emf_chain_plan(struct emf_chain_plan *plan, const struct emf_chain *chain, const struct emf_registry *registry,
		   const struct emf_chain_choice *choices, char *why, size_t why_size)
{
	struct filling filling = { plan, false };
	int err = 0;

	plan->n = 0;
	emf_chain_each(chain, registry, choices, insert, &filling);
	if (filling.is_full) {
		snprintf(why, why_size, "chain %s: more than %d programs are plugged into it", chain->name, EMF_CHAIN_PROGRAMS_MAX);
		return -ENOSPC;
	}
	for (unsigned int slot = 0; slot < chain->n_slots && !err; slot++)
		err = check_slot(plan, chain, slot, why, why_size);
	return err;
}

int32_t emf_chain_plan_index(const struct emf_chain_plan *plan, unsigned int slot)
{
	for (size_t i = 0; i < plan->n; i++)
		if (plan->places[i].plug->slot >= slot)
			return (int32_t)i;
	return -1;
}
