// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * life_ask.c - starting and stopping one module while others run. Asked for at any time,
 * also by the module itself; done when the loop turns, where none of its functions runs.
 */
#include "life.h"

#include <errno.h>
#include <stdio.h>

#include "bus_module.h"
#include "chain.h"
#include "map_share.h"

/* Return: 0, or -EBUSY: what was asked for before comes first. */
static int check_idle(const struct emf_unit *unit, char *why, size_t size)
{
	if (unit->start_asked || unit->state == EMF_UNIT_CREATED)
		snprintf(why, size, "module %s is being started", unit->m->name);
	else if (unit->state == EMF_UNIT_STOPPING || (unit->state == EMF_UNIT_RUNNING && unit->stop_asked))
		snprintf(why, size, "module %s is being stopped", unit->m->name);
	else
		return 0;
	return -EBUSY;
}

int emf_life_ask_start(struct emf_unit *unit, void (*settled)(struct emf_unit *unit), char *why, size_t size)
{
	int err = check_idle(unit, why, size);

	if (err)
		return err;
	if (unit->state == EMF_UNIT_RUNNING) {
		snprintf(why, size, "module %s runs already", unit->m->name);
		return -EALREADY;
	}
	unit->start_asked = true;
	unit->settled = settled;
	return 0;
}

static bool needs(const struct emf_unit *user, const struct emf_unit *unit)
{
	return user != unit && (user->state == EMF_UNIT_RUNNING || user->state == EMF_UNIT_CREATED) &&
	       (emf_bus_needs(user->m, unit->m) || emf_map_share_needs(user->m, unit->m));
}

/* Return: 0, or -EBUSY with the names of those that would be left without what they cannot do without. */
static int check_users(const struct emf_unit *unit, char *why, size_t size)
{
	const struct emf_registry *registry = &unit->emf->registry;
	size_t at = 0;

	for (size_t i = 0; i < registry->n && at < size; i++)
		if (needs(registry->units[i], unit))
			at += (size_t)snprintf(why + at, size - at, "%s%s", at ? ", " : "module ", registry->units[i]->m->name);
	if (at && at < size)
		snprintf(why + at, size - at, " cannot run without %s: stop what uses it first", unit->m->name);
	return at ? -EBUSY : 0;
}

int emf_life_can_stop(struct emf_unit *unit, char *why, size_t size)
{
	int err = check_idle(unit, why, size);

	if (err)
		return err;
	if (unit->state != EMF_UNIT_RUNNING) {
		snprintf(why, size, "module %s does not run: it is %s", unit->m->name, emf_unit_state_name(unit->state));
		return -EALREADY;
	}
	if (unit->m->flags & EMF_MODULE_REQUIRED) {
		snprintf(why, size, "module %s is required: the product does not run without it, and ends as a whole", unit->m->name);
		return -EPERM;
	}
	err = check_users(unit, why, size);
	return err ? err : emf_chain_can_lose(unit, why, size);
}

int emf_life_ask_stop(struct emf_unit *unit, void (*settled)(struct emf_unit *unit), char *why, size_t size)
{
	int err = emf_life_can_stop(unit, why, size);

	if (err)
		return err;
	unit->error = 0;
	unit->stop_asked = true;
	unit->settled = settled;
	return 0;
}
