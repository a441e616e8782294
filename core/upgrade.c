// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * upgrade.c - a module takes the place of another one while that runs.
 */
#include "upgrade.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bus_module.h"
#include "chain.h"
#include "core.h"
#include "extension.h"
#include "kernel_enum.h"
#include "life_step.h"

/* --- the new one */

static int refuse(struct emf_upgrade *u, int err, const char *why)
{
	snprintf(u->why, sizeof(u->why), "%s", why);
	return err;
}

static int check_modules(const struct emf_extension *extension, const struct emf_unit *old, char *why)
{
	if (extension->modules_end - extension->modules == 1 && (*extension->modules)->name && !strcmp((*extension->modules)->name, old->m->name))
		return 0;
	if (extension->modules_end - extension->modules == 1)
		snprintf(why, EMF_UPGRADE_WHY_MAX, "the module in it is %.63s, and not %.63s", (*extension->modules)->name ? (*extension->modules)->name : "", old->m->name);
	else
		snprintf(why, EMF_UPGRADE_WHY_MAX, "it has %td modules, and one takes the place of %.63s", extension->modules_end - extension->modules, old->m->name);
	return -EINVAL;
}

static int make(struct emf_unit *old, struct emf_upgrade *u)
{
	char why[EMF_EXTENSION_WHY_MAX];
	struct emf_extension_file *file = emf_extension_find(old->emf, u->path);
	int err;

	if (file && old->previous && old->previous->from == file) {
		u->unit = old->previous;
		return 0;
	}
	err = emf_extension_open(old->emf, u->path, &file, why);
	if (err)
		return refuse(u, err, why);
	err = check_modules(file->extension, old, u->why);
	if (!err) {
		emf_kernel_enums_use(file->extension->modules, file->extension->modules_end);
		err = emf_unit_new(old->emf, *file->extension->modules, file, &u->unit);
	}
	if (err)
		emf_extension_let_go(file);
	return err;
}

/* Unless it can come back: its file is closed at the end of the turn. */
static void forget(const struct emf_unit *old, struct emf_unit *unit)
{
	unit->replaces = NULL;
	if (unit == old->previous)
		unit->state = EMF_UNIT_STOPPED;
	else
		emf_unit_free(unit);
}

/* --- the switch */

void emf_upgrade_give_back(struct emf_unit *unit)
{
	struct emf_unit *old = unit->replaces;

	emf_unit_pins_give_back(unit);
	if (unit->pins.is_open) {
		emf_unit_pins_move(unit, old);
		if (emf_unit_pins_settle(old))
			emf_warn(old->m, "%s", old->why);
	}
	emf_bus_give_back(unit->m, old->m);
	emf_ring_close(unit);
	emf_ring_take_back(old);
	if (old->demand.n && emf_demand_start(old))
		emf_warn(old->m, "a program of a signal on demand cannot be attached: %s", old->why);
}

/* It runs, and a chain does not take it. */
static void undo(struct emf_unit *old, struct emf_unit *unit, int err)
{
	int detached = emf_unit_call(unit, unit->m->detach);

	if (detached)
		emf_warn(unit->m, "detach reports: %s", strerror(abs(detached)));
	emf_registry_replace(&old->emf->registry, unit, old);
	old->state = EMF_UNIT_RUNNING;
	emf_unit_pins_give_back(unit);
	emf_demand_stop(unit, &unit->object.attached);
	emf_bpf_links_close(&unit->object.attached);
	if (emf_chain_replaced(unit, old))
		emf_err(old->m, "%s", old->why);
	emf_unit_release(unit, true);
	emf_unit_set_failed(unit, "chain", err);
}

/* Return: 0; or a negative errno with unit->why, and @old runs as it did. */
static int switch_over(struct emf_unit *old, struct emf_unit *unit)
{
	int err = emf_unit_join(unit);

	if (err)
		return err;
	emf_unit_pins_move(old, unit);
	err = emf_unit_attach(unit);
	if (err)
		return err;
	emf_registry_replace(&old->emf->registry, old, unit);
	old->state = EMF_UNIT_STOPPING;
	err = emf_chain_replaced(old, unit);
	if (err)
		undo(old, unit, err);
	return err;
}

/* --- the old one goes */

static void settle(struct emf_unit *unit)
{
	struct emf_upgrade *u = unit->upgrade;

	unit->upgrade = NULL;
	if (u)
		u->settled(u);
	emf_upgrade_free(u);
}

static void close_links(struct emf_work *work)
{
	emf_bpf_links_close(&emf_container_of(work, struct emf_unit, closing)->closing_links);
}

static struct emf_unit *successor_of(const struct emf_unit *old)
{
	const struct emf_registry *registry = &old->emf->registry;

	for (size_t i = 0; i < registry->n; i++)
		if (registry->units[i]->previous == old)
			return registry->units[i];
	return NULL;
}

static void count_on(struct emf_unit *unit, const struct emf_unit *old)
{
	if (emf_runs_take_over(unit, old))
		emf_warn(unit->m, "run counts of the programs before the upgrade are lost: %s", strerror(ENOMEM));
}

/* Nothing of it is attached. */
static void went(struct emf_work *work)
{
	struct emf_unit *old = emf_container_of(work, struct emf_unit, closing), *unit = successor_of(old);

	if (unit)
		count_on(unit, old);
	emf_unit_release(old, true);
	old->state = EMF_UNIT_STOPPED;
	if (!unit)
		return;
	/* To its end the old one has used the word by which the kernel part knows whether somebody reads. */
	if (unit->rings.drain.awake)
		emf_ring_drain_wake(unit);
	settle(unit);
}

static void let_go(struct emf_unit *old)
{
	int err = emf_unit_call(old, old->m->detach);

	if (err)
		emf_warn(old->m, "detach reports: %s", strerror(abs(err)));
	old->closing_links = emf_bpf_object_take_links(old);
	emf_demand_stop(old, &old->closing_links);
	old->closing = (struct emf_work){ .run = close_links, .done = went };
	if (old->closing_links.n) {
		emf_worker_submit(&old->emf->worker, &old->closing);
		return;
	}
	close_links(&old->closing);
	went(&old->closing);
}

static void commit(struct emf_unit *old, struct emf_unit *unit)
{
	emf_unit_pins_keep(unit);
	/* Those that are no constants: the variables are the ones of the old version. */
	emf_bpf_object_set_params(unit);
	emf_bus_ask_again(unit->m);
	emf_metric_take_over(unit, old);
	count_on(unit, old);
	unit->failures = old->failures;
	unit->slow_polls = old->slow_polls;
	unit->malformed += old->malformed;
	unit->user_ns = old->user_ns;
	unit->upgrade = old->upgrade;
	old->upgrade = NULL;
	unit->replaces = NULL;
	if (old->previous != unit)
		emf_unit_free(old->previous);
	old->previous = NULL;
	unit->previous = old;
	emf_info(unit->m, "version %s took the place of version %s", unit->m->version ? unit->m->version : "-", old->m->version ? old->m->version : "-");
	let_go(old);
}

/* --- what was asked for */

static void begin(const struct emf_unit *old, struct emf_unit *unit)
{
	unit->replaces = (struct emf_unit *)old;
	unit->wanted = true;
	unit->stop_asked = unit->start_asked = false;
	unit->only = old->only;
}

static int report(struct emf_upgrade *u)
{
	FILE *out = open_memstream(&u->report, &u->size);

	if (!out)
		return -ENOMEM;
	emf_upgrade_report(u->unit, out);
	return fclose(out) ? -ENOMEM : 0;
}

/* Return: 0; or a negative errno, and nothing of it is left. */
static int prepare(struct emf_unit *old, struct emf_upgrade *u)
{
	int err = 0;

	u->unit = u->path ? NULL : old->previous;
	if (!u->unit)
		err = make(old, u);
	if (err)
		return err;
	begin(old, u->unit);
	err = emf_upgrade_check(u->unit, u->why);
	if (!err)
		err = emf_upgrade_carry_params(u->unit, u->why);
	if (!err && (err = emf_unit_load(u->unit)))
		refuse(u, err, u->unit->why);
	if (err) {
		forget(old, u->unit);
		return err;
	}
	err = report(u);
	if (err || u->is_dry) {
		emf_unit_release(u->unit, false);
		forget(old, u->unit);
	}
	return err;
}

static void run(struct emf_unit *old)
{
	struct emf_upgrade *u = old->upgrade;

	u->err = prepare(old, u);
	if (!u->err && !u->is_dry) {
		u->err = switch_over(old, u->unit);
		if (!u->err) {
			commit(old, u->unit);
			return;
		}
		refuse(u, u->err, u->unit->why);
		forget(old, u->unit);
	}
	if (u->err && !u->why[0])
		refuse(u, u->err, strerror(-u->err));
	settle(old);
}

static bool is_on_its_way(const struct emf_unit *unit)
{
	return unit->start_asked || unit->state == EMF_UNIT_CREATED || unit->state == EMF_UNIT_STOPPING || (unit->state == EMF_UNIT_RUNNING && unit->stop_asked);
}

int emf_upgrade_ask(struct emf_unit *unit, const char *path, bool is_dry, void (*settled)(struct emf_upgrade *upgrade), char why[EMF_UPGRADE_WHY_MAX])
{
	struct emf_upgrade *u;

	snprintf(why, EMF_UPGRADE_WHY_MAX, "out of memory");
	if (unit->upgrade || is_on_its_way(unit)) {
		snprintf(why, EMF_UPGRADE_WHY_MAX, "module %s is being started, stopped or upgraded", unit->m->name);
		return -EBUSY;
	}
	if (unit->state != EMF_UNIT_RUNNING) {
		snprintf(why, EMF_UPGRADE_WHY_MAX, "module %s does not run: it is %s", unit->m->name, emf_unit_state_name(unit->state));
		return -EALREADY;
	}
	if (unit->m->chain) {
		snprintf(why, EMF_UPGRADE_WHY_MAX, "module %s stands for a chain: those are changed by 'chain'", unit->m->name);
		return -EOPNOTSUPP;
	}
	if (!path && !unit->previous) {
		snprintf(why, EMF_UPGRADE_WHY_MAX, "module %s was not upgraded since it was loaded: nothing ran before it", unit->m->name);
		return -ENOENT;
	}
	u = calloc(1, sizeof(*u));
	if (u && path)
		u->path = strdup(path);
	if (!u || (path && !u->path)) {
		emf_upgrade_free(u);
		return -ENOMEM;
	}
	u->is_dry = is_dry;
	u->settled = settled;
	unit->upgrade = u;
	return 0;
}

/* While the one before the last is still going, the next one waits. */
static bool is_ready(const struct emf_unit *unit)
{
	return unit->upgrade && !unit->upgrade->unit && !(unit->previous && unit->previous->state == EMF_UNIT_STOPPING);
}

void emf_upgrade_turn(struct emf *emf)
{
	for (size_t i = 0; i < emf->registry.n; i++) {
		struct emf_unit *unit = emf->registry.units[i];

		if (!is_ready(unit))
			continue;
		if (unit->state == EMF_UNIT_RUNNING) {
			run(unit);
			continue;
		}
		unit->upgrade->err = -EALREADY;
		refuse(unit->upgrade, -EALREADY, "it was stopped meanwhile");
		settle(unit);
	}
}

bool emf_upgrade_is_due(const struct emf *emf)
{
	for (size_t i = 0; i < emf->registry.n; i++)
		if (is_ready(emf->registry.units[i]))
			return true;
	return false;
}

void emf_upgrade_free(struct emf_upgrade *upgrade)
{
	if (!upgrade)
		return;
	free(upgrade->path);
	free(upgrade->report);
	free(upgrade->answer);
	free(upgrade);
}
