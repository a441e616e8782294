// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * chain_renew.c - generations come and go: on all targets of a chain, or on none.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain.h"
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
		emf_chain_pins_remove(&leaving->pins, leaving->before);
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
		const struct emf_unit *other = registry->units[u];

		if (other->m->chain != unit->m->chain->hands_to)
			continue;
		for (size_t i = 0; i < other->chain.n; i++)
			if (can_meet(&instance->hook, &other->chain.instances[i].hook))
				return true;
	}
	return false;
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

static int prepare(struct emf_unit *unit, struct emf_chain_instance *instance)
{
	struct emf_chain_generation *next = calloc(1, sizeof(*next));
	int err = next ? emf_chain_plan(&next->plan, unit->m->chain, &unit->emf->registry, unit->chain.choices, unit->why, sizeof(unit->why)) :
			 -ENOMEM;

	if (!err) {
		next->number = instance->number + 1;
		next->flags = unit->chain.flags;
		next->sample = unit->chain.sample;
		next->hands = has_taker(unit, instance);
		err = emf_chain_build(next, unit, &instance->maps);
	}
	if (err) {
		free(next);
		return err;
	}
	instance->next = next;
	return 0;
}

static void discard(struct emf_chain_instance *instance)
{
	if (!instance->next)
		return;
	emf_chain_demolish(instance->next);
	free(instance->next);
	instance->next = NULL;
}

static void commit(struct emf_unit *unit, struct emf_chain_instance *instance)
{
	struct emf_chain_generation *next = instance->next;

	if (!next) /* its target is gone */
		return;
	if (instance->pins.folder >= 0)
		keep_or_let_go(unit, instance);
	retire(unit->emf, instance, next->number, !instance->hook.stays);
	instance->now = next;
	instance->number = next->number;
	instance->next = NULL;
}

/* The old generation is whole: nobody has retired it. */
static void go_back(struct emf_unit *unit, struct emf_chain_instance *instance)
{
	int err;

	if (!instance->next)
		return;
	err = emf_chain_hook_switch(&instance->hook, instance->now->entry_fd);
	if (err) {
		emf_err(unit->m, "on %s the chain cannot go back to generation %u: %s; it runs on changed", instance->hook.target, instance->number,
			strerror(-err));
		commit(unit, instance);
		return;
	}
	if (instance->pins.folder >= 0 && unit->emf->persists)
		emf_chain_pins_take_back(&instance->pins, instance->next);
	discard(instance);
}

/* An interface that is deleted takes along what hangs there. */
static bool is_gone(const struct emf_chain_instance *instance)
{
	char name[IF_NAMESIZE];

	/* It is asked by a socket: without a descriptor for one nothing is known, and the chain stays. */
	return instance->hook.ifindex && !if_indextoname(instance->hook.ifindex, name) && (errno == ENXIO || errno == ENODEV);
}

static void lose(struct emf_unit *unit, struct emf_chain_instance *instance)
{
	emf_warn(unit->m, "interface '%s' is gone: the chain does not hang there any more", instance->hook.target);
	discard(instance);
	emf_chain_take_down(unit, instance);
}

void emf_chain_take_down(struct emf_unit *unit, struct emf_chain_instance *instance)
{
	emf_chain_hook_clear(&instance->hook);
	emf_chain_trace_stop(instance);
	retire(unit->emf, instance, instance->number, true);
	emf_chain_maps_close(&instance->maps);
}

int emf_chain_renew(struct emf_unit *unit, struct emf_chain_instance *instances, size_t n)
{
	size_t done = 0;
	int err = 0;

	for (size_t i = 0; i < n && !err; i++) {
		if (instances[i].now && is_gone(&instances[i]))
			lose(unit, &instances[i]);
		else if (instances[i].now || !instances[i].number)
			err = prepare(unit, &instances[i]);
	}
	for (; done < n && !err; done++) {
		err = instances[done].next ? switch_to(unit, &instances[done], instances[done].next) : 0;
		if (err && instances[done].now && is_gone(&instances[done])) {
			lose(unit, &instances[done]);
			err = 0;
		}
		if (err)
			break;
	}
	for (size_t i = 0; i < n; i++) {
		if (!err)
			commit(unit, &instances[i]);
		else if (i < done)
			go_back(unit, &instances[i]);
		else
			discard(&instances[i]);
	}
	return err;
}

int emf_chain_rebuild(struct emf_unit *unit)
{
	return emf_chain_renew(unit, unit->chain.instances, unit->chain.n);
}
