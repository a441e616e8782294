// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * life_step.c - what one module goes through: it is opened, loaded, created, attached, and released.
 */
#include "life_step.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "builtin.h"
#include "bus_module.h"
#include "chain.h"
#include "core.h"
#include "event.h"
#include "filter_push.h"
#include "map_share.h"
#include "upgrade.h"
#include "view.h"

int emf_unit_call(struct emf_unit *unit, int (*callback)(struct module *))
{
	return callback ? callback(unit->m) : 0;
}

/* Any value but 0 is a failure; what a positive one means, only its author knows. */
static int as_error(struct emf_unit *unit, const char *step, int value)
{
	if (value <= 0)
		return value;
	snprintf(unit->why, sizeof(unit->why), "%s failed: it returned %d, which is no negative errno", step, value);
	return -EINVAL;
}

void emf_unit_set_failed(struct emf_unit *unit, const char *step, int err)
{
	unit->state = EMF_UNIT_FAILED;
	unit->error = err;
	unit->failures++;
	if (!unit->why[0]) {
		unit->unsupported = err == -EPERM || err == -EOPNOTSUPP;
		snprintf(unit->why, sizeof(unit->why), "%s failed: %s", step, strerror(-err));
	}
	emf_err(unit->m, "%s", unit->why);
}

void emf_unit_release(struct emf_unit *unit, bool created)
{
	if (unit->replaces)
		emf_upgrade_give_back(unit);
	emf_ring_drain(unit);
	emf_ring_report_lost(unit);
	emf_show_summary(unit);
	if (unit->state == EMF_UNIT_STOPPING)
		emf_view_end(unit);
	/* Before destroy, which may free what a source is embedded in. */
	emf_loop_remove_owner(&unit->emf->loop, unit->m);
	emf_bus_withdraw(unit->m);
	emf_bus_remove_owner(unit->m);
	if (created) {
		int err = emf_unit_call(unit, unit->m->destroy);

		if (err)
			emf_warn(unit->m, "destroy reports: %s", strerror(abs(err)));
	}
	emf_ring_close(unit);
	emf_bpf_object_close(unit);
}

/* What it has from other modules: services that it calls, maps that it imports. */
static int check_others(struct emf_unit *unit)
{
	const char *service = emf_bus_missing(unit->m);

	if (!service)
		return emf_map_share_check(unit);
	if (emf_builtin_is(service))
		snprintf(unit->why, sizeof(unit->why), "uses the service %s, which is there where the product serves: run it by 'serve', or with --bus", service);
	else
		snprintf(unit->why, sizeof(unit->why), "uses the service %s, which no running module provides", service);
	return -ENOTCONN;
}

/* Before anything of it runs: what it needs of other modules, and of the kernel. */
static int check(struct emf_unit *unit)
{
	int err = check_others(unit);

	if (!err)
		err = emf_chain_check(unit);
	return err ? err : emf_need_check(unit);
}

static int configure(struct emf_unit *unit)
{
	emf_bpf_object_set_params(unit);
	return as_error(unit, "configure", emf_unit_call(unit, unit->m->configure));
}

static int create_own(struct emf_unit *unit)
{
	return as_error(unit, "create", emf_unit_call(unit, unit->m->create));
}

static int provide(struct emf_unit *unit)
{
	if (unit->replaces)
		return emf_bus_take_over(unit->m, unit->replaces->m, unit->why, sizeof(unit->why));
	return emf_bus_provide(unit->m, unit->why, sizeof(unit->why));
}

/* One after the other, until one fails. */
static const struct {
	const char *name;
	int (*run)(struct emf_unit *unit);
	bool of_object; /* not of a module that has none */
	bool is_late; /* it takes part from then on: until then another one may do what it is for */
	bool is_created; /* the module's create has run before it */
} steps[] = {
	{ .name = "open", .run = emf_bpf_object_open, .of_object = true },
	{ .name = "check", .run = check },
	{ .name = "choose", .run = emf_places_choose, .of_object = true },
	{ .name = "configure", .run = configure, .of_object = true },
	{ .name = "import", .run = emf_map_share_import, .of_object = true },
	{ .name = "filter", .run = emf_filter_push, .of_object = true },
	{ .name = "load", .run = emf_bpf_object_load, .of_object = true },
	{ .name = "metrics", .run = emf_metric_open, .of_object = true },
	{ .name = "events", .run = emf_event_open, .of_object = true, .is_late = true },
	{ .name = "create", .run = create_own, .is_late = true },
	{ .name = "provide", .run = provide, .is_late = true, .is_created = true },
};

static int run_steps(struct emf_unit *unit, bool late)
{
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		int err;

		if (steps[i].is_late != late || (steps[i].of_object && !unit->m->object))
			continue;
		err = steps[i].run(unit);
		if (!err)
			continue;
		emf_unit_release(unit, steps[i].is_created);
		emf_unit_set_failed(unit, steps[i].name, err);
		return err;
	}
	return 0;
}

int emf_unit_load(struct emf_unit *unit)
{
	unit->why[0] = '\0';
	unit->error = 0;
	unit->unsupported = unit->stop_asked = false;
	emf_ring_set_fini(&unit->rings);
	unit->malformed = 0;
	emf_param_warn_absent(&unit->params, unit->m);
	return run_steps(unit, false);
}

int emf_unit_join(struct emf_unit *unit)
{
	int err = run_steps(unit, true);

	if (!err)
		unit->state = EMF_UNIT_CREATED;
	return err;
}

int emf_unit_attach(struct emf_unit *unit)
{
	/* Again: a provider can have failed to attach since. */
	int err = check_others(unit);

	if (!err && unit->m->object)
		err = emf_bpf_object_attach(unit);
	if (!err && unit->m->chain)
		err = emf_chain_start(unit);
	if (!err)
		err = as_error(unit, "attach", emf_unit_call(unit, unit->m->attach));
	/* Last: until nothing can fail any more, what an earlier run left goes on as it is. */
	if (!err && (err = emf_unit_pins_settle(unit)))
		emf_unit_call(unit, unit->m->detach);
	if (err) {
		emf_unit_pins_give_back(unit);
		/* Blocks, as the load before it did: nobody waits when a product starts, and later it is rare. */
		emf_demand_stop(unit, &unit->object.attached);
		emf_bpf_links_close(&unit->object.attached);
		emf_unit_release(unit, true);
		emf_unit_set_failed(unit, "attach", err);
		if (unit->m->chain)
			emf_chain_failed(unit);
		return err;
	}
	unit->state = EMF_UNIT_RUNNING;
	emf_event_print_heading(unit);
	emf_view_start(unit);
	emf_debug(unit->m, "runs");
	return 0;
}

