// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * life.c - the life of modules.
 */
#include "life.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bus_module.h"
#include "chain.h"
#include "isolated.h"
#include "life_step.h"

#define NS_PER_MS 1000000ull

static int create(struct emf_unit *unit)
{
	int err;

	if (unit->isolated)
		return emf_isolated_start_now(unit);
	err = emf_unit_load(unit);

	return err ? err : emf_unit_join(unit);
}

void emf_life_notify(struct emf_unit *unit, enum emf_event event, const char *peer)
{
	int err;

	if (!unit->m->notify)
		return;
	unit->event = event;
	unit->peer = peer;
	err = emf_unit_call(unit, unit->m->notify);
	unit->peer = NULL;
	if (err)
		emf_warn(unit->m, "notify reports: %s", strerror(abs(err)));
}

static void notify_others(struct emf_unit *about, enum emf_event event)
{
	struct emf_registry *registry = &about->emf->registry;

	for (size_t i = 0; i < registry->n; i++)
		if (registry->units[i] != about && registry->units[i]->state == EMF_UNIT_RUNNING)
			emf_life_notify(registry->units[i], event, about->m->name);
}

static void settle(struct emf_unit *unit)
{
	void (*settled)(struct emf_unit *unit) = unit->settled;

	unit->settled = NULL;
	if (settled)
		settled(unit);
}

static void close_links(struct emf_work *work)
{
	emf_bpf_links_close(&emf_container_of(work, struct emf_unit, closing)->closing_links);
}

static void links_closed(struct emf_work *work)
{
	struct emf_unit *unit = emf_container_of(work, struct emf_unit, closing);

	emf_unit_release(unit, true);
	if (unit->error)
		emf_unit_set_failed(unit, "stop", unit->error);
	else
		unit->state = EMF_UNIT_STOPPED;
	notify_others(unit, EMF_EVENT_MODULE_DOWN);
	settle(unit);
}

/* Ends in links_closed(), in a later turn or in emf_worker_flush(). */
static void stop(struct emf_unit *unit)
{
	int err;

	if (unit->isolated) {
		emf_isolated_stop(unit);
		return;
	}
	err = emf_unit_call(unit, unit->m->detach);
	if (err)
		emf_warn(unit->m, "detach reports: %s", strerror(abs(err)));
	emf_bus_withdraw(unit->m);
	unit->state = EMF_UNIT_STOPPING;
	emf_chain_stop(unit);
	err = emf_chain_changed(unit);
	unit->error = unit->error ? unit->error : err; /* its programs run on there */
	unit->closing_links = emf_bpf_object_take_links(unit);
	emf_demand_stop(unit, &unit->closing_links);
	unit->closing = (struct emf_work){ .run = close_links, .done = links_closed };
	emf_worker_submit(&unit->emf->worker, &unit->closing);
}

void emf_life_stop(struct emf *emf)
{
	for (size_t i = emf->registry.n; i > 0; i--) {
		struct emf_unit *unit = emf->registry.units[i - 1];

		if (unit->state == EMF_UNIT_RUNNING)
			stop(unit);
		if (unit->state == EMF_UNIT_CREATED && !unit->isolated) {
			emf_unit_release(unit, true);
			unit->state = EMF_UNIT_STOPPED;
		}
	}
	emf_worker_flush(&emf->worker, emf_ring_read_stopping, emf);
	emf_isolated_wait(emf);
}

static bool is_required(const struct emf_unit *unit)
{
	return unit->m->flags & EMF_MODULE_REQUIRED;
}

static int start_all(struct emf *emf, enum emf_unit_state from, int (*step)(struct emf_unit *))
{
	for (size_t i = 0; i < emf->registry.n; i++) {
		struct emf_unit *unit = emf->registry.units[i];
		int err;

		if (!unit->wanted || unit->state != from)
			continue;
		err = step(unit);
		if (err && is_required(unit)) {
			emf_err(NULL, "module %s is required, and failed: stopping", unit->m->name);
			return err;
		}
	}
	return 0;
}

int emf_life_start(struct emf *emf)
{
	int err = start_all(emf, EMF_UNIT_IDLE, create);

	if (!err)
		err = start_all(emf, EMF_UNIT_CREATED, emf_unit_attach);
	if (err) {
		emf_life_stop(emf);
		return err;
	}
	for (size_t i = 0; i < emf->registry.n; i++)
		if (emf->registry.units[i]->state == EMF_UNIT_RUNNING)
			notify_others(emf->registry.units[i], EMF_EVENT_MODULE_UP);
	return 0;
}

/* While others run, who wait as long as it takes. */
static void start_late(struct emf_unit *unit)
{
	unit->start_asked = false;
	if (unit->isolated) {
		emf_isolated_start(unit);
		return;
	}
	if (unit->state != EMF_UNIT_RUNNING && !create(unit) && !emf_unit_attach(unit)) {
		unit->error = emf_chain_changed(unit);
		if (unit->error) { /* it is not part of what it came for; whoever asked is told when it has ended */
			unit->stop_asked = true;
			return;
		}
		notify_others(unit, EMF_EVENT_MODULE_UP);
	}
	settle(unit);
}

static void poll_unit(struct emf_unit *unit)
{
	uint64_t start = emf_now_ns(), began = emf_loop_begin(unit->m), took;
	int err = emf_unit_call(unit, unit->m->poll);

	took = (emf_now_ns() - start) / NS_PER_MS;
	emf_loop_end(unit->m, began);
	if (took > EMF_POLL_MS) {
		unit->slow_polls++;
		/* Powers of two: told at once, and never a flood. */
		if (!(unit->slow_polls & (unit->slow_polls - 1)))
			emf_warn(unit->m, "poll blocked for %" PRIu64 " ms (%" PRIu64 " times so far); all other modules waited",
				 took, unit->slow_polls);
	}
	if (err < 0) {
		unit->stop_asked = true;
		unit->error = err;
		snprintf(unit->why, sizeof(unit->why), "poll failed: %s; the module was stopped", strerror(-err));
	}
}

int emf_life_turn(struct emf *emf)
{
	int err = 0;

	for (size_t i = 0; i < emf->registry.n; i++) {
		struct emf_unit *unit = emf->registry.units[i];

		if (unit->start_asked)
			start_late(unit);
		if (unit->state == EMF_UNIT_RUNNING && unit->m->poll && !unit->stop_asked)
			poll_unit(unit);
		if (unit->state != EMF_UNIT_RUNNING || !unit->stop_asked)
			continue;
		if (unit->error && is_required(unit))
			err = unit->error;
		stop(unit);
	}
	return err;
}

void emf_module_stop(struct module *m, int error)
{
	struct emf_unit *unit = m->unit;

	unit->stop_asked = true;
	unit->error = error > 0 ? -error : error;
	if (unit->error)
		snprintf(unit->why, sizeof(unit->why), "stopped itself: %s", strerror(-unit->error));
}

int emf_life_timeout_ms(const struct emf *emf)
{
	int timeout = -1;

	for (size_t i = 0; i < emf->registry.n; i++) {
		const struct emf_unit *unit = emf->registry.units[i];

		if (unit->start_asked)
			return 0;
		if (unit->state != EMF_UNIT_RUNNING)
			continue;
		if (unit->stop_asked)
			return 0;
		if (unit->m->poll)
			timeout = EMF_POLL_MS;
	}
	return timeout;
}

size_t emf_life_running(const struct emf *emf)
{
	size_t n = 0;

	for (size_t i = 0; i < emf->registry.n; i++) {
		const struct emf_unit *unit = emf->registry.units[i];

		/* A chain does nothing by itself. */
		n += !unit->m->chain && (unit->state == EMF_UNIT_RUNNING || unit->state == EMF_UNIT_STOPPING);
	}
	return n;
}
