// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * chain.c - chains of this product.
 */
#include "chain.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain_change.h"
#include "core.h"

/* Those that hand members of their state to a chain, which came or goes. */
static void tell_donors(const struct emf_unit *taker)
{
	struct emf_registry *registry = &taker->emf->registry;

	for (size_t u = 0; u < registry->n; u++) {
		struct emf_unit *unit = registry->units[u];

		if (unit->m->chain && unit->m->chain->hands_to == taker->m->chain && unit->chain.n && emf_chain_rebuild(unit))
			emf_err(unit->m, "%s; it runs on as it was", unit->why);
	}
}

/* What an earlier run left there hangs on until the first generation of this one takes its place. */
static int adopt(struct emf_unit *unit, struct emf_chain_instance *instance)
{
	int err = emf_chain_pins_open(&instance->pins, &instance->hook, unit->emf->persists, unit->why, sizeof(unit->why));

	if (err || instance->pins.folder < 0)
		return err;
	err = emf_chain_pins_adopt(&instance->pins, &instance->hook, &instance->maps, &unit->emf->registry, &instance->number);
	if (err)
		snprintf(unit->why, sizeof(unit->why), "chain %s: what hangs on %s since an earlier run cannot be seen: %s",
			 unit->m->chain->name, instance->hook.target, strerror(-err));
	instance->now = err ? NULL : calloc(1, sizeof(*instance->now));
	if (!instance->now) { /* with it, the folder goes when packets are out of it */
		emf_chain_pins_close(&instance->pins);
		return err ? err : -ENOMEM;
	}
	instance->now->slots = -1;
	if (instance->hook.stays)
		emf_info(unit->m, "hangs on %s since an earlier run; its generation %u is the last one of it", instance->hook.target,
			 instance->number);
	return 0;
}

static int check_target(struct emf_unit *unit, const char *target)
{
	const struct emf_chain_set *set = &unit->chain;

	if (set->n == EMF_CHAIN_TARGETS_MAX) {
		snprintf(unit->why, sizeof(unit->why), "chain %s: it can hang on %d places at the most", unit->m->chain->name, EMF_CHAIN_TARGETS_MAX);
		return -ENOSPC;
	}
	for (size_t i = 0; i < set->n; i++)
		if (!strcmp(set->instances[i].hook.target, target)) {
			snprintf(unit->why, sizeof(unit->why), "chain %s: '%s' stands twice in --%s", unit->m->chain->name, target,
				 unit->m->chain->option);
			return -EINVAL;
		}
	return 0;
}

static int add(struct emf_unit *unit, const char *target)
{
	struct emf_chain_set *set = &unit->chain;
	struct emf_chain_instance *instance = &set->instances[set->n];
	int err = check_target(unit, target);

	if (err)
		return err;
	err = emf_chain_hook_init(&instance->hook, unit->emf, unit->m->chain, target);
	instance->pins.folder = -1;
	if (err) {
		snprintf(unit->why, sizeof(unit->why), "chain %s: there is no interface '%s'", unit->m->chain->name, target);
		return err;
	}
	set->n++;
	emf_chain_maps_init(&instance->maps);
	err = adopt(unit, instance);
	if (!err)
		err = emf_chain_maps_make(&instance->maps, unit->m->chain);
	return err ? err : emf_chain_renew(unit, instance, 1);
}

static bool is_part_of(const struct module *m, const struct emf_chain *chain)
{
	for (const struct emf_plug *p = m->plugs; p && p->program; p++)
		if (p->chain == chain)
			return true;
	return false;
}

/* It is fine to use one chain of several; but who has programs in chains wants them to run. */
int emf_chain_check(struct emf_unit *unit)
{
	const struct module *m = unit->m;
	char options[128] = "";
	size_t n = 0;

	for (const struct emf_plug *p = m->plugs; p && p->program; p++) {
		char option[72];

		if (*p->chain->targets || !p->chain->option)
			return 0;
		snprintf(option, sizeof(option), "--%s", p->chain->option);
		if (strstr(options, option) || n + strlen(option) + sizeof(" or ") > sizeof(options))
			continue;
		n += (size_t)snprintf(options + n, sizeof(options) - n, "%s%s", n ? " or " : "", option);
	}
	if (!n)
		return 0;
	snprintf(unit->why, sizeof(unit->why), "its programs hang nowhere: give %s", options);
	return -EDESTADDRREQ;
}

static int check_mode(struct emf_unit *unit, const char *mode)
{
	if (!mode || !strcmp(mode, "auto") || !strcmp(mode, "native") || !strcmp(mode, "generic"))
		return 0;
	snprintf(unit->why, sizeof(unit->why), "chain %s: '%s' is no mode of XDP: it can be auto, native or generic",
		 unit->m->chain->name, mode);
	return -EINVAL;
}

int emf_chain_start(struct emf_unit *unit)
{
	const struct emf_chain *chain = unit->m->chain;
	char targets[EMF_CHAIN_TARGET_MAX], *rest = targets, *target;
	int err;

	unit->why[0] = '\0';
	err = check_mode(unit, chain->mode);
	snprintf(targets, sizeof(targets), "%s", chain->targets);
	if (err)
		return err;
	if (!*targets) {
		emf_debug(unit->m, "hangs nowhere: --%s was not given", chain->option);
		return 0;
	}
	unit->chain.instances = calloc(EMF_CHAIN_TARGETS_MAX, sizeof(*unit->chain.instances));
	unit->chain.choices = calloc(EMF_CHAIN_NUMBERS_MAX, sizeof(*unit->chain.choices));
	if (!unit->chain.instances || !unit->chain.choices)
		err = -ENOMEM;
	while (!err && (target = strsep(&rest, ", ")))
		if (*target)
			err = add(unit, target);
	if (err)
		emf_chain_stop(unit);
	else
		tell_donors(unit);
	return err;
}

/* Nobody reads any more what is traced. */
static void stop_tracing(struct emf_unit *unit)
{
	const struct emf_chain_set *set = &unit->chain;

	if (set->n && set->instances->hook.stays && set->flags & EMF_CHAIN_TRACES &&
	    emf_chain_set_flags(unit, set->flags & ~EMF_CHAIN_TRACES, 0))
		emf_warn(unit->m, "packets are still traced: %s", unit->why);
}

void emf_chain_stop(struct emf_unit *unit)
{
	bool was_there = unit->chain.n > 0;
	/* Who stops the chain wants it to be gone; who ends the product, and said --persist, does not. */
	bool is_taken_down = unit->stop_asked && !unit->error;

	if (!is_taken_down)
		stop_tracing(unit);
	for (size_t i = 0; i < unit->chain.n; i++) {
		struct emf_chain_instance *instance = &unit->chain.instances[i];

		if (is_taken_down)
			emf_chain_pins_let_go(&instance->pins, &instance->hook);
		emf_chain_take_down(unit, instance);
	}
	free(unit->chain.instances);
	free(unit->chain.choices);
	unit->chain = (struct emf_chain_set){ 0 };
	if (was_there && (is_taken_down || !unit->emf->persists)) /* one that stays goes on to be handed to */
		tell_donors(unit);
}

bool emf_chain_needs(const struct module *user, const struct module *chain)
{
	return chain->chain && is_part_of(user, chain->chain);
}

static int rebuild_chains(struct emf_unit *module, const struct emf_unit *old)
{
	struct emf_registry *registry = &module->emf->registry;
	int err = 0, failed;

	for (size_t i = 0; i < registry->n; i++) {
		struct emf_unit *unit = registry->units[i];

		if (!unit->m->chain || !unit->chain.n || (!is_part_of(module->m, unit->m->chain) && !(old && is_part_of(old->m, unit->m->chain))))
			continue;
		failed = emf_chain_rebuild(unit);
		if (!failed)
			continue;
		emf_err(unit->m, "%s; it runs on as it was", unit->why);
		snprintf(module->why, sizeof(module->why), "%s", unit->why);
		err = failed;
	}
	return err;
}

int emf_chain_changed(struct emf_unit *module)
{
	return rebuild_chains(module, NULL);
}

int emf_chain_replaced(const struct emf_unit *old, struct emf_unit *unit)
{
	return rebuild_chains(unit, old);
}

void emf_chain_failed(const struct emf_unit *unit)
{
	struct emf_registry *registry = &unit->emf->registry;

	for (size_t i = 0; i < registry->n; i++) {
		struct emf_unit *user = registry->units[i];

		if (user->state != EMF_UNIT_RUNNING || user->stop_asked || !is_part_of(user->m, unit->m->chain))
			continue;
		user->stop_asked = true;
		user->error = -ENOTCONN;
		snprintf(user->why, sizeof(user->why), "chain %s, in which it has programs, does not run", unit->m->chain->name);
	}
}

int emf_chain_can_lose(struct emf_unit *module, char *why, size_t size)
{
	const struct emf_registry *registry = &module->emf->registry;
	struct emf_chain_plan *plan = malloc(sizeof(*plan));
	enum emf_unit_state state = module->state;
	int err = plan ? 0 : -ENOMEM;

	if (err)
		snprintf(why, size, "out of memory");
	module->state = EMF_UNIT_STOPPED; /* as it will be */
	for (size_t i = 0; i < registry->n && !err; i++) {
		const struct emf_unit *unit = registry->units[i];

		if (unit->m->chain && unit->chain.n && is_part_of(module->m, unit->m->chain))
			err = emf_chain_plan(plan, unit->m->chain, registry, unit->chain.choices, why, size);
	}
	module->state = state;
	free(plan);
	return err;
}

static size_t programs_on(const struct emf_chain_instance *instance, const struct emf_unit *module)
{
	size_t n = 0;

	for (size_t i = 0; instance->now && i < instance->now->plan.n; i++)
		n += instance->now->plan.places[i].unit == module;
	return n;
}

size_t emf_chain_programs(const struct emf_unit *module)
{
	const struct emf_registry *registry = &module->emf->registry;
	size_t n = 0;

	for (size_t u = 0; u < registry->n; u++)
		for (size_t i = 0; i < registry->units[u]->chain.n; i++)
			n += programs_on(&registry->units[u]->chain.instances[i], module);
	return n;
}
