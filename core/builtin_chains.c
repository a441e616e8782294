// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * builtin_chains.c - service chains: who is in them, and how they are changed.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <emf/map.h>

#include "builtin.h"
#include "bus.h"
#include "chain_change.h"
#include "emf_emf.h"

#define ROOM(rows) (sizeof(rows) / sizeof((rows)[0]))

static struct emf *product;

static int refuse(struct ebus_call *call, int reason, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static int refuse(struct ebus_call *call, int reason, const char *fmt, ...)
{
	struct chains_refused error = { .reason = (__u32)-reason };
	va_list args;

	va_start(args, fmt);
	vsnprintf(error.why, sizeof(error.why), fmt, args);
	va_end(args);
	return chains_fail_refused(call, &error);
}

/* NULL if none of this name runs. */
static struct emf_unit *find(const char *chain)
{
	struct emf_unit *unit = emf_registry_find(&product->registry, chain);

	return unit && unit->m->chain && unit->chain.n ? unit : NULL;
}

static int no_chain(struct ebus_call *call, const char *chain)
{
	return refuse(call, -ENOENT, "there is no chain '%s' that hangs anywhere", chain);
}

/* --- what there is */

/* Of all programs, also of those that are gone, and of the entry. */
static void add_misses(const struct emf_chain_instance *instance, struct chains_instance *row)
{
	struct emf_chain_count *counts = calloc((size_t)emf_cpus(), sizeof(*counts));

	for (__u32 number = 0; counts && number < EMF_CHAIN_NUMBERS_MAX; number++) {
		if (bpf_map_lookup_elem(instance->maps.fds[EMF_CHAIN_MAP_COUNTS], &number, counts))
			continue;
		for (int i = 0; i < emf_cpus(); i++)
			row->misses += counts[i].misses;
	}
	free(counts);
}

static void add_cpus(const struct emf_chain_instance *instance, struct chains_instance *row)
{
	struct emf_chain_cpu *cpus = calloc((size_t)emf_cpus(), sizeof(*cpus));
	__u32 zero = 0;

	if (cpus && !bpf_map_lookup_elem(instance->maps.fds[EMF_CHAIN_MAP_CPU], &zero, cpus)) {
		for (int i = 0; i < emf_cpus(); i++) {
			row->refused += cpus[i].refused;
			row->untraced += cpus[i].untraced;
			row->handed += cpus[i].handed;
			row->lost += cpus[i].lost;
		}
	}
	free(cpus);
}

int chains_serve_list(struct ebus_call *call, struct chains_list_reply *reply)
{
	(void)call;
	for (size_t u = 0; u < product->registry.n; u++) {
		const struct emf_unit *unit = product->registry.units[u];

		for (size_t i = 0; i < unit->chain.n && reply->rows_len < ROOM(reply->rows); i++) {
			const struct emf_chain_instance *instance = &unit->chain.instances[i];
			struct chains_instance *row;

			if (!instance->now) /* its interface is gone */
				continue;
			row = &reply->rows[reply->rows_len++];
			snprintf(row->chain, sizeof(row->chain), "%s", unit->m->chain->name);
			snprintf(row->type, sizeof(row->type), "%s", unit->m->chain->kind);
			snprintf(row->target, sizeof(row->target), "%s", instance->hook.target);
			row->generation = instance->number;
			row->programs = (__u32)instance->now->plan.n;
			row->counts = !!(unit->chain.flags & EMF_CHAIN_COUNTS);
			row->sample = unit->chain.flags & EMF_CHAIN_TRACES ? unit->chain.sample : 0;
			add_cpus(instance, row);
			add_misses(instance, row);
		}
	}
	return 0;
}

struct showing {
	const struct emf_chain_instance *instance;
	struct chains_show_reply *reply;
	struct emf_chain_count *counts; /* room for one of each CPU */
	bool taking_part; /* which ones this is about */
	uint32_t place;
};

static void show_one(void *arg, const struct emf_chain_place *place, const char *why_not)
{
	struct showing *s = arg;
	struct chains_program *row = &s->reply->rows[s->reply->rows_len];

	if (!why_not != s->taking_part || s->reply->rows_len == ROOM(s->reply->rows))
		return;
	s->reply->rows_len++;
	snprintf(row->target, sizeof(row->target), "%s", s->instance->hook.target);
	snprintf(row->slot, sizeof(row->slot), "%s", place->plug->chain->slots[place->plug->slot].name);
	snprintf(row->module, sizeof(row->module), "%s", place->unit->m->name);
	snprintf(row->program, sizeof(row->program), "%s", place->plug->program);
	snprintf(row->why_not, sizeof(row->why_not), "%s", why_not ? why_not : "");
	row->place = s->place;
	row->number = place->number;
	if (bpf_map_lookup_elem(s->instance->maps.fds[EMF_CHAIN_MAP_COUNTS], &place->number, s->counts))
		return;
	for (int i = 0; i < emf_cpus(); i++) {
		row->runs += s->counts[i].runs;
		row->time += s->counts[i].ns;
		row->misses += s->counts[i].misses;
	}
}

int chains_serve_show(struct ebus_call *call, const struct chains_show_args *args, struct chains_show_reply *reply)
{
	const struct emf_unit *unit = find(args->chain);
	struct showing s = { .reply = reply, .counts = calloc((size_t)emf_cpus(), sizeof(*s.counts)) };

	if (!unit || !s.counts) {
		free(s.counts);
		return unit ? -ENOMEM : no_chain(call, args->chain);
	}
	for (size_t i = 0; i < unit->chain.n; i++) {
		const struct emf_chain_plan *plan;

		if (!unit->chain.instances[i].now)
			continue;
		plan = &unit->chain.instances[i].now->plan;

		s.instance = &unit->chain.instances[i];
		s.taking_part = true;
		for (s.place = 1; s.place <= plan->n; s.place++)
			show_one(&s, &plan->places[s.place - 1], NULL);
		s.place = 0;
		s.taking_part = false;
		emf_chain_each(unit->m->chain, &product->registry, unit->chain.choices, show_one, &s);
	}
	free(s.counts);
	return 0;
}

int chains_serve_shape(struct ebus_call *call, const struct chains_shape_args *args, struct chains_shape_reply *reply)
{
	const struct emf_unit *unit = find(args->chain);
	const struct emf_chain *chain;

	if (!unit)
		return no_chain(call, args->chain);
	chain = unit->m->chain;
	snprintf(reply->type, sizeof(reply->type), "%s", chain->kind);
	snprintf(reply->verdict, sizeof(reply->verdict), "%s", chain->verdict);
	for (size_t i = 0; i < chain->n_slots && i < ROOM(reply->slots); i++) {
		struct chains_slot *slot = &reply->slots[reply->slots_len++];

		snprintf(slot->name, sizeof(slot->name), "%s", chain->slots[i].name);
		slot->room = chain->slots[i].room;
		slot->optional = chain->slots[i].optional;
	}
	return 0;
}

/* --- what changes */

/* The answer: the chain runs on as it was. */
static int told(struct ebus_call *call, struct emf_unit *unit, int err)
{
	return err ? refuse(call, err, "%.*s", (int)sizeof(((struct chains_refused *)NULL)->why) - 1,
			    unit->why[0] ? unit->why : strerror(-err)) : 0;
}

int chains_serve_move(struct ebus_call *call, const struct chains_move_args *args)
{
	struct emf_unit *unit = find(args->chain);

	return unit ? told(call, unit, emf_chain_move(unit, args->module, args->program, args->place)) : no_chain(call, args->chain);
}

int chains_serve_enable(struct ebus_call *call, const struct chains_enable_args *args)
{
	struct emf_unit *unit = find(args->chain);

	return unit ? told(call, unit, emf_chain_enable(unit, args->module, args->program, true)) : no_chain(call, args->chain);
}

int chains_serve_disable(struct ebus_call *call, const struct chains_disable_args *args)
{
	struct emf_unit *unit = find(args->chain);

	return unit ? told(call, unit, emf_chain_enable(unit, args->module, args->program, false)) : no_chain(call, args->chain);
}

static uint32_t flags_of(const struct emf_unit *unit, uint32_t which, bool are_set)
{
	uint32_t flags = unit->chain.flags;

	return are_set ? flags | which : flags & ~which;
}

int chains_serve_count(struct ebus_call *call, const struct chains_count_args *args)
{
	struct emf_unit *unit = find(args->chain);

	if (!unit)
		return no_chain(call, args->chain);
	return told(call, unit, emf_chain_set_flags(unit, flags_of(unit, EMF_CHAIN_COUNTS, args->counts),
						    unit->chain.sample));
}

int chains_serve_trace(struct ebus_call *call, const struct chains_trace_args *args)
{
	struct emf_unit *unit = find(args->chain);

	if (!unit)
		return no_chain(call, args->chain);
	if (args->sample && !emf_bus_is_wanted(&chains_service, CHAINS_SIGNAL_HOP))
		return refuse(call, -EINVAL, "nobody listens to chains.hop: a trace ends when the last one who does goes");
	return told(call, unit, emf_chain_set_flags(unit, flags_of(unit, EMF_CHAIN_TRACES, args->sample > 0), args->sample));
}

/* Nobody listens any more: packets are not traced for nobody, whoever forgot it or was killed. */
static void on_demand(struct ebus_service *service, unsigned int signal, bool wanted, void *data)
{
	(void)service;
	(void)data;
	for (size_t i = 0; signal == CHAINS_SIGNAL_HOP && !wanted && i < product->registry.n; i++) {
		struct emf_unit *unit = product->registry.units[i];

		if (unit->m->chain && unit->chain.n && unit->chain.flags & EMF_CHAIN_TRACES &&
		    emf_chain_set_flags(unit, flags_of(unit, EMF_CHAIN_TRACES, false), 0))
			emf_err(unit->m, "packets are still traced: %s", unit->why);
	}
}

void emf_builtin_provide_chains(struct emf *emf)
{
	static const struct chains_ops ops = CHAINS_SERVED;

	product = emf;
	ebus_provide(&chains_service, &ops, NULL);
	emf_bus_set_demand(&chains_service, on_demand, NULL);
}
