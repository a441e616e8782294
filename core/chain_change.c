// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * chain_change.c - chains that change while packets flow.
 */
#include "chain_change.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "chain_trace.h"
#include "core.h"

/* Programs of one slot, in the order in which they stand. */
struct slot {
	unsigned int index;
	struct emf_chain_place places[EMF_CHAIN_NUMBERS_MAX];
	size_t n;
};

struct search {
	const char *module, *program;
	struct emf_chain_place found; /* number 0: none */
};

static void match(void *arg, const struct emf_chain_place *place, const char *why_not)
{
	struct search *search = arg;

	(void)why_not;
	if (!strcmp(place->unit->m->name, search->module) && !strcmp(place->plug->program, search->program))
		search->found = *place;
}

static int find(struct emf_unit *unit, const char *module, const char *program, struct emf_chain_place *place)
{
	struct search search = { .module = module, .program = program };

	emf_chain_each(unit->m->chain, &unit->emf->registry, unit->chain.choices, match, &search);
	*place = search.found;
	if (search.found.number)
		return 0;
	snprintf(unit->why, sizeof(unit->why), "no program '%s' of a module %s is plugged into chain %s", program, module,
		 unit->m->chain->name);
	return -ENOENT;
}

static int rebuild(struct emf_unit *unit, const struct emf_chain_choice *before)
{
	int err = emf_chain_rebuild(unit);

	if (err)
		memcpy(unit->chain.choices, before, EMF_CHAIN_NUMBERS_MAX * sizeof(*before));
	return err;
}

static void collect(void *arg, const struct emf_chain_place *place, const char *why_not)
{
	struct slot *slot = arg;
	size_t at = slot->n;

	(void)why_not;
	if (place->plug->slot != slot->index)
		return;
	while (at && emf_chain_compare(place, &slot->places[at - 1]) < 0) {
		slot->places[at] = slot->places[at - 1];
		at--;
	}
	slot->places[at] = *place;
	slot->n++;
}

int emf_chain_move(struct emf_unit *unit, const char *module, const char *program, unsigned int to)
{
	struct emf_chain_choice before[EMF_CHAIN_NUMBERS_MAX];
	struct emf_chain_place place;
	struct slot slot = { .n = 0 };
	size_t from = 0;
	int err = find(unit, module, program, &place);

	if (err)
		return err;
	slot.index = place.plug->slot;
	emf_chain_each(unit->m->chain, &unit->emf->registry, unit->chain.choices, collect, &slot);
	if (!to || to > slot.n) {
		snprintf(unit->why, sizeof(unit->why), "slot %s of chain %s has places 1 to %zu, and no place %u",
			 unit->m->chain->slots[slot.index].name, unit->m->chain->name, slot.n, to);
		return -EINVAL;
	}
	memcpy(before, unit->chain.choices, sizeof(before));
	while (slot.places[from].number != place.number)
		from++;
	memmove(&slot.places[from], &slot.places[from + 1], (slot.n - from - 1) * sizeof(place));
	memmove(&slot.places[to], &slot.places[to - 1], (slot.n - to) * sizeof(place));
	slot.places[to - 1] = place;
	for (size_t i = 0; i < slot.n; i++)
		unit->chain.choices[slot.places[i].number].order = (uint16_t)(i + 1);
	return rebuild(unit, before);
}

int emf_chain_enable(struct emf_unit *unit, const char *module, const char *program, bool is_enabled)
{
	struct emf_chain_choice before[EMF_CHAIN_NUMBERS_MAX];
	struct emf_chain_place place;
	int err = find(unit, module, program, &place);

	if (err)
		return err;
	memcpy(before, unit->chain.choices, sizeof(before));
	if (unit->chain.choices[place.number].is_disabled == !is_enabled)
		return 0;
	unit->chain.choices[place.number].is_disabled = !is_enabled;
	return rebuild(unit, before);
}

static int trace(struct emf_unit *unit)
{
	int err = 0;

	for (size_t i = 0; i < unit->chain.n && !err; i++)
		if (unit->chain.instances[i].now)
			err = emf_chain_trace_start(unit, &unit->chain.instances[i]);
	return err;
}

int emf_chain_set_flags(struct emf_unit *unit, uint32_t flags, uint32_t sample)
{
	struct emf_chain_set *set = &unit->chain;
	uint32_t flags_before = set->flags, sample_before = set->sample;
	int err = flags & EMF_CHAIN_TRACES ? trace(unit) : 0;

	set->flags = flags;
	set->sample = sample;
	if (!err)
		err = emf_chain_rebuild(unit);
	if (err) {
		set->flags = flags_before;
		set->sample = sample_before;
	}
	for (size_t i = 0; i < set->n && !(set->flags & EMF_CHAIN_TRACES); i++)
		emf_chain_trace_stop(&set->instances[i]);
	return err;
}
