// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * demand.c - programs that are attached only while somebody listens.
 */
#include "demand.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <emf/event.h>

#include "bus.h"
#include "core.h"

#define EVENTS_MAX 64 /* bits of emf_demanded.events */
#define MAPS_MAX 64   /* MAX_USED_MAPS, include/linux/bpf_verifier.h */

static bool has_any(const struct module *m)
{
	for (const struct emf_event_source *e = m->events; e && e->ring; e++)
		if (e->on_demand)
			return true;
	return false;
}

static uint32_t ring_id(const struct emf_unit *unit, const char *ring)
{
	const struct bpf_map *map = bpf_object__find_map_by_name(unit->object.head->obj, ring);
	struct bpf_map_info info = { 0 };
	uint32_t len = sizeof(info);

	return map && !bpf_obj_get_info_by_fd(bpf_map__fd(map), &info, &len) ? info.id : 0;
}

/* The events that a program feeds, as bits; @others when one of them is not on demand. */
static int events_of(const struct emf_unit *unit, const struct bpf_program *prog, uint64_t *events, bool *others)
{
	uint32_t maps[MAPS_MAX];
	struct bpf_prog_info info = { .nr_map_ids = MAPS_MAX, .map_ids = (uintptr_t)maps };
	uint32_t len = sizeof(info);
	size_t i = 0;

	*events = 0;
	*others = false;
	if (bpf_obj_get_info_by_fd(bpf_program__fd(prog), &info, &len))
		return -errno;
	for (const struct emf_event_source *e = unit->m->events; e->ring && i < EVENTS_MAX; e++, i++) {
		uint32_t id = ring_id(unit, e->ring);

		for (uint32_t j = 0; j < info.nr_map_ids && j < MAPS_MAX; j++) {
			if (maps[j] != id)
				continue;
			*events |= UINT64_C(1) << i;
			*others |= !e->on_demand;
		}
	}
	return 0;
}

int emf_demand_init(struct emf_unit *unit)
{
	struct emf_demand *demand = &unit->demand;
	struct bpf_program *prog;
	size_t n = 0;

	if (!has_any(unit->m))
		return 0;
	bpf_object__for_each_program(prog, unit->object.head->obj)
		n++;
	demand->progs = calloc(n, sizeof(*demand->progs));
	if (!demand->progs)
		return -ENOMEM;
	bpf_object__for_each_program(prog, unit->object.head->obj) {
		uint64_t events;
		bool others;
		int err = bpf_program__autoload(prog) ? events_of(unit, prog, &events, &others) : 0;

		if (err)
			return err;
		if (bpf_program__autoload(prog) && events && !others)
			demand->progs[demand->n++] = (struct emf_demanded){ .unit = unit, .prog = prog, .events = events };
	}
	return 0;
}

void emf_demand_fini(struct emf_unit *unit)
{
	for (size_t i = 0; i < unit->demand.n; i++)
		if (unit->demand.progs[i].is_closing)
			emf_worker_flush(&unit->emf->worker, NULL, NULL);
	free(unit->demand.progs);
	unit->demand = (struct emf_demand){ 0 };
}

bool emf_demand_has(const struct emf_unit *unit, const struct bpf_program *prog)
{
	for (size_t i = 0; i < unit->demand.n; i++)
		if (unit->demand.progs[i].prog == prog)
			return true;
	return false;
}

/* Whoever runs a module to see what it prints is a listener, too. */
static bool is_wanted(const struct emf_demanded *d)
{
	const struct emf_event_source *events = d->unit->m->events;

	for (size_t i = 0; i < EVENTS_MAX && events[i].ring; i++) {
		if (!(d->events & UINT64_C(1) << i))
			continue;
		if (emf_bus_is_wanted(emf_bus_same(events[i].service), events[i].signal) || (events[i].printed && !d->unit->emf->serving))
			return true;
	}
	return false;
}

static void close_links(struct emf_work *work)
{
	emf_bpf_links_close(&emf_container_of(work, struct emf_demanded, closing)->closing_links);
}

static int follow(struct emf_demanded *d);

/* Somebody may have come back while the worker was at it. */
static void links_closed(struct emf_work *work)
{
	struct emf_demanded *d = emf_container_of(work, struct emf_demanded, closing);

	d->is_closing = false;
	if (d->unit->demand.is_followed)
		follow(d);
}

static void detach(struct emf_demanded *d)
{
	emf_unit_pins_forget(d->unit, &d->attached);
	d->closing_links = d->attached;
	d->attached = (struct emf_bpf_links){ 0 };
	d->is_closing = true;
	d->closing = (struct emf_work){ .run = close_links, .done = links_closed };
	emf_worker_submit(&d->unit->emf->worker, &d->closing);
	emf_debug(d->unit->m, "program '%s' is detached: nobody listens any more", bpf_program__name(d->prog));
}

static int follow(struct emf_demanded *d)
{
	bool wanted = is_wanted(d);
	int err;

	if (d->is_closing || wanted == (d->attached.n > 0))
		return 0;
	if (!wanted) {
		detach(d);
		return 0;
	}
	err = emf_bpf_object_attach_one(d->unit, d->prog, &d->attached);
	if (err) {
		emf_unit_pins_give_back(d->unit);
		emf_unit_pins_forget(d->unit, &d->attached);
		emf_bpf_links_close(&d->attached);
	} else {
		emf_debug(d->unit->m, "program '%s' is attached: somebody listens", bpf_program__name(d->prog));
	}
	return err;
}

static void on_demand(struct ebus_service *service, unsigned int signal, bool wanted, void *data)
{
	struct emf_unit *unit = data;

	(void)service;
	(void)signal;
	(void)wanted;
	for (size_t i = 0; i < unit->demand.n; i++)
		if (follow(&unit->demand.progs[i])) {
			emf_err(unit->m, "program '%s' of a signal on demand cannot be attached: %s",
				bpf_program__name(unit->demand.progs[i].prog), unit->why);
			unit->why[0] = '\0';
		}
}

int emf_demand_start(struct emf_unit *unit)
{
	unit->demand.is_followed = true;
	for (size_t i = 0; i < unit->demand.n; i++) {
		int err = follow(&unit->demand.progs[i]);

		if (err)
			return err;
	}
	for (const struct emf_event_source *e = unit->m->events; unit->demand.n && e->ring; e++)
		if (e->on_demand)
			emf_bus_set_demand(emf_bus_same(e->service), on_demand, unit);
	return 0;
}

void emf_demand_stop(struct emf_unit *unit, struct emf_bpf_links *links)
{
	unit->demand.is_followed = false;
	for (const struct emf_event_source *e = unit->m->events; unit->demand.n && e->ring; e++)
		if (e->on_demand && emf_bus_same(e->service)->demand_data == unit)
			emf_bus_set_demand(emf_bus_same(e->service), NULL, NULL);
	for (size_t i = 0; i < unit->demand.n; i++)
		emf_bpf_links_move(links, &unit->demand.progs[i].attached);
}
