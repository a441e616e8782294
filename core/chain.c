// SPDX-License-Identifier: BSD-2-Clause
/*
 * chain.c - chains of this product.
 */
#include "chain.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain_change.h"
#include "chain_trace.h"
#include "core.h"

/* A generation that nothing enters any more: packets that are in it finish first. */
struct leaving {
	struct emf_work work;
	struct emf_chain_generation *generation;
	struct emf_chain_pins pins; /* of its instance */
	uint32_t before;	    /* generations that are unpinned */
	bool is_last;		    /* @pins are its own, and unlocked behind it */
};

static void leave(struct emf_work *work)
{
	struct leaving *leaving = emf_container_of(work, struct leaving, work);

	emf_chain_wait();
	if (leaving->pins.folder >= 0)
		emf_chain_pins_remove(leaving->pins.path, leaving->before);
	emf_chain_demolish(leaving->generation);
	if (leaving->is_last)
		emf_chain_pins_close(&leaving->pins);
}

static void left(struct emf_work *work)
{
	struct leaving *leaving = emf_container_of(work, struct leaving, work);

	free(leaving->generation);
	free(leaving);
}

/* @is_last: nothing is pinned there by this process from now on, but what stays. */
static void retire(struct emf *emf, struct emf_chain_instance *instance, uint32_t number, bool is_last)
{
	struct leaving *leaving = instance->now ? calloc(1, sizeof(*leaving)) : NULL;
	struct leaving here = { .generation = instance->now, .pins = instance->pins, .is_last = is_last,
				.before = instance->hook.stays ? number : UINT32_MAX };

	if (!instance->now)
		return;
	instance->now = NULL;
	if (is_last)
		instance->pins.folder = -1;
	if (!leaving) { /* blocks, and does it right */
		leave(&here.work);
		free(here.generation);
		return;
	}
	*leaving = here;
	leaving->work = (struct emf_work){ .run = leave, .done = left };
	emf_worker_submit(&emf->worker, &leaving->work);
}

static bool can_meet(const struct emf_chain_hook *first, const struct emf_chain_hook *then)
{
	return then->hangs && (first->ifindex == then->ifindex || emf_chain_hook_is_egress(then));
}

/* Whether another chain, which this one hands members of its state to, can meet its packets: those that leave may do so anywhere. */
static bool has_taker(const struct emf_unit *unit, const struct emf_chain_instance *instance)
{
	const struct emf_registry *registry = &unit->emf->registry;

	for (size_t u = 0; u < registry->n && unit->m->chain->hands_to; u++) {
		const struct emf_unit *other = &registry->units[u];

		if (other->m->chain != unit->m->chain->hands_to)
			continue;
		for (size_t i = 0; i < other->chain.n; i++)
			if (can_meet(&instance->hook, &other->chain.instances[i].hook))
				return true;
	}
	return false;
}

/* Those that hand members of their state to a chain, which came or goes. */
static void tell_donors(const struct emf_unit *taker)
{
	struct emf_registry *registry = &taker->emf->registry;

	for (size_t u = 0; u < registry->n; u++) {
		struct emf_unit *unit = &registry->units[u];

		if (unit->m->chain && unit->m->chain->hands_to == taker->m->chain && unit->chain.n && emf_chain_rebuild(unit))
			emf_err(unit->m, "%s; it runs on as it was", unit->why);
	}
}

/* What cannot stay is told, and runs: its user hears of it when it can still be otherwise. */
static void keep_or_let_go(struct emf_unit *unit, struct emf_chain_instance *instance)
{
	struct emf_chain_hook *hook = &instance->hook;
	int err = unit->emf->persists ? emf_chain_pins_keep(&instance->pins, hook, &instance->maps, &unit->emf->registry) : -ECANCELED;

	if (!err)
		return;
	if (err == -EOPNOTSUPP)
		emf_warn(unit->m, "does not stay on %s when this process ends: %s", hook->target,
			 hook->ops == &emf_chain_hook_xdp ? "the program that it took the place of is put back then" :
							     "what hangs there goes with its process");
	else if (err != -ECANCELED)
		emf_warn(unit->m, "does not stay on %s when this process ends: it cannot be pinned: %s", hook->target, strerror(-err));
	emf_chain_pins_let_go(&instance->pins, hook);
}

static int switch_to(struct emf_unit *unit, struct emf_chain_instance *instance, struct emf_chain_generation *next)
{
	bool is_pinned = instance->pins.folder >= 0 && unit->emf->persists;
	int err = is_pinned ? emf_chain_pins_add(&instance->pins, next) : 0;

	if (err) {
		snprintf(unit->why, sizeof(unit->why), "chain %s: generation %u cannot be pinned in %s: %s", unit->m->chain->name,
			 next->number, instance->pins.path, strerror(-err));
		return err;
	}
	err = emf_chain_hook_switch(&instance->hook, next->entry_fd);
	if (err)
		emf_chain_hook_explain(&instance->hook, err, unit->why, sizeof(unit->why));
	if (err && is_pinned)
		emf_chain_pins_take_back(&instance->pins, next);
	return err;
}

int emf_chain_renew(struct emf_unit *unit, struct emf_chain_instance *instance)
{
	const struct emf_chain *chain = unit->m->chain;
	struct emf_chain_generation *next = calloc(1, sizeof(*next));
	int err = next ? emf_chain_plan(&next->plan, chain, &unit->emf->registry, unit->chain.choices, unit->why, sizeof(unit->why)) :
			 -ENOMEM;

	if (!err) {
		next->number = instance->number + 1;
		next->flags = instance->flags;
		next->sample = instance->sample;
		next->hands = has_taker(unit, instance);
		err = emf_chain_build(next, unit, &instance->maps);
	}
	if (!err) {
		err = switch_to(unit, instance, next);
		if (err)
			emf_chain_demolish(next);
	}
	if (err) {
		free(next);
		return err;
	}
	if (instance->pins.folder >= 0)
		keep_or_let_go(unit, instance);
	retire(unit->emf, instance, next->number, !instance->hook.stays);
	instance->now = next;
	instance->number = next->number;
	return 0;
}

/* What an earlier run left there hangs on until the first generation of this one takes its place. */
static int adopt(struct emf_unit *unit, struct emf_chain_instance *instance)
{
	int err = emf_chain_pins_open(&instance->pins, &instance->hook, unit->emf->persists, unit->why, sizeof(unit->why));

	if (err || instance->pins.folder < 0)
		return err;
	instance->now = calloc(1, sizeof(*instance->now));
	if (!instance->now)
		return -ENOMEM;
	instance->now->slots = -1;
	instance->number = emf_chain_pins_adopt(&instance->pins, &instance->hook, &instance->maps, &unit->emf->registry);
	if (instance->hook.stays)
		emf_info(unit->m, "hangs on %s since an earlier run; its generation %u is the last one of it", instance->hook.target,
			 instance->number);
	return 0;
}

static int add(struct emf_unit *unit, const char *target)
{
	struct emf_chain_set *set = &unit->chain;
	struct emf_chain_instance *instance = &set->instances[set->n];
	int err = emf_chain_hook_init(&instance->hook, unit->emf, unit->m->chain, target);

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
	return err ? err : emf_chain_renew(unit, instance);
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
	return -EINVAL;
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
			err = unit->chain.n == EMF_CHAIN_TARGETS_MAX ? -ENOSPC : add(unit, target);
	if (err)
		emf_chain_stop(unit);
	else
		tell_donors(unit);
	return err;
}

int emf_chain_rebuild(struct emf_unit *unit)
{
	int err = 0;

	for (size_t i = 0; i < unit->chain.n && !err; i++)
		err = emf_chain_renew(unit, &unit->chain.instances[i]);
	return err;
}

/* Nobody reads any more what is traced. */
static void stop_tracing(struct emf_unit *unit)
{
	const struct emf_chain_instance *first = unit->chain.instances;

	if (unit->chain.n && first->hook.stays && first->flags & EMF_CHAIN_TRACES &&
	    emf_chain_set_flags(unit, first->flags & ~EMF_CHAIN_TRACES, 0))
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
		emf_chain_hook_clear(&instance->hook);
		emf_chain_trace_stop(instance);
		retire(unit->emf, instance, instance->number, true);
		emf_chain_maps_close(&instance->maps);
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

int emf_chain_changed(struct emf_unit *module)
{
	struct emf_registry *registry = &module->emf->registry;
	int err = 0;

	for (size_t i = 0; i < registry->n; i++) {
		struct emf_unit *unit = &registry->units[i];

		if (!unit->m->chain || !unit->chain.n || !is_part_of(module->m, unit->m->chain))
			continue;
		err = emf_chain_rebuild(unit);
		if (!err)
			continue;
		emf_err(unit->m, "%s; it runs on as it was", unit->why);
		snprintf(module->why, sizeof(module->why), "%s", unit->why);
		break;
	}
	return err;
}

void emf_chain_failed(const struct emf_unit *unit)
{
	struct emf_registry *registry = &unit->emf->registry;

	for (size_t i = 0; i < registry->n; i++) {
		struct emf_unit *user = &registry->units[i];

		if (user->state != EMF_UNIT_RUNNING || user->stop_asked || !is_part_of(user->m, unit->m->chain))
			continue;
		user->stop_asked = true;
		user->error = -ENOTCONN;
		snprintf(user->why, sizeof(user->why), "chain %s, in which it has programs, does not run", unit->m->chain->name);
	}
}
