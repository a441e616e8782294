/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * module.h - the registry: which modules there are, and what the core knows
 * about each of them.
 */
#ifndef EMF_CORE_MODULE_H
#define EMF_CORE_MODULE_H

#include <emf/bus.h>
#include <emf/log.h>
#include <emf/module.h>

#include "bpf_object.h"
#include "chain_set.h"
#include "demand.h"
#include "metric.h"
#include "need.h"
#include "only.h"
#include "param.h"
#include "place.h"
#include "ring.h"
#include "root.h"
#include "runs.h"
#include "show.h"
#include "unit_pin.h"
#include "view.h"
#include "worker.h"

struct emf;
struct emf_extension_file;
struct emf_isolated;
struct emf_migration;
struct emf_upgrade;

enum emf_unit_state {
	EMF_UNIT_IDLE,     /* linked in, not started */
	EMF_UNIT_CREATED,  /* create succeeded, nothing attached */
	EMF_UNIT_RUNNING,  /* attached */
	EMF_UNIT_STOPPING, /* the worker closes its links */
	EMF_UNIT_STOPPED,
	EMF_UNIT_FAILED,
};

#define EMF_WHY_MAX 1024

/**
 * struct emf_unit - a module, seen from the core
 * @m: the module's own structure
 * @emf: the product it is part of
 * @from: the extension that it came with; NULL if it was linked in
 * @isolated: the extension in another process that it stands for, or NULL
 * @state: see there
 * @wanted: it is to be started
 * @stop_asked: stop it when that callback has returned
 * @start_asked: start it then
 * @settled: told once, when what was asked for has worked or failed; NULL for nobody
 * @asker: whom that answers over the bus
 * @error: the negative errno it failed with, or 0
 * @unsupported: it failed for lack of a privilege or of a kernel feature
 * @why: the sentence that was logged when it failed
 * @event: what notify is being told
 * @peer: whom that is about
 * @user_ns: of a processor, what its handlers took while somebody measured
 * @failures: starts and stops that failed
 * @slow_polls: polls that took longer than EMF_POLL_MS
 * @object: its kernel part
 * @params: its parameters
 * @rings: its ring buffers
 * @variants: which programs were chosen, and why
 * @places: where programs hang, one for each of @m->attaches; NULL when nothing is loaded
 * @malformed: records that were too short
 * @shown: how its events are printed
 * @metrics: what was counted of them, and read
 * @chain: of a module that stands for one
 * @demand: its programs that wait for a listener
 * @view: what is printed of its maps
 * @closing: closes its links on the worker
 * @closing_links: the worker's while @closing is under way
 * @replaces: while it takes the place of that one, which runs; NULL at any other time
 * @previous: whose place it took, and which can come back; not in the registry
 * @upgrade: that was asked for
 * @migration: while migrate runs
 * @runs: of programs that went when it took a place
 * @roots: of its programs
 */
struct emf_unit {
	struct module *m;
	struct emf *emf;
	struct emf_extension_file *from;
	struct emf_isolated *isolated;
	enum emf_unit_state state;
	bool wanted;
	bool stop_asked;
	bool start_asked;
	void (*settled)(struct emf_unit *unit);
	struct ebus_deferred asker;
	int error;
	bool unsupported;
	char why[EMF_WHY_MAX];
	enum emf_event event;
	const char *peer;
	uint64_t user_ns;
	uint64_t failures;
	uint64_t slow_polls;
	struct emf_bpf_object object;
	struct emf_param_set params;
	struct emf_ring_set rings;
	struct emf_variants variants;
	struct emf_place *places;
	uint64_t malformed;
	struct emf_shown_set shown;
	struct emf_metric_set metrics;
	struct emf_chain_set chain;
	struct emf_demand demand;
	struct emf_view_state view;
	struct emf_work closing;
	struct emf_bpf_links closing_links;
	struct emf_unit_pins pins;
	struct emf_only_values only;
	struct emf_unit *replaces, *previous;
	struct emf_upgrade *upgrade;
	const struct emf_migration *migration;
	struct emf_runs runs;
	struct emf_roots roots;
};

struct emf_registry {
	struct emf_unit **units; /* in the order in which they start */
	size_t n;
	size_t n_linked; /* the first so many; behind them those of extensions */
};

/**
 * emf_registry_init() - collect and order modules
 * @registry: receives them
 * @emf: the product they become part of, or NULL in tests
 * @begin: first registered pointer
 * @end: behind the last one
 *
 * Return: 0; -EINVAL for a module without a usable name or with a parameter that
 * is declared wrongly, -EEXIST for two of one name, all logged; -ENOMEM.
 */
int emf_registry_init(struct emf_registry *registry, struct emf *emf,
		      struct module *const *begin, struct module *const *end);
void emf_registry_fini(struct emf_registry *registry);

/* Adds those of an extension, in their order behind all that are linked in; all or none. @from: NULL for what stands for an isolated one. As emf_registry_init(). */
int emf_registry_add(struct emf_registry *registry, struct emf *emf, struct module *const *begin,
		     struct module *const *end, struct emf_extension_file *from);

/**
 * emf_unit_new() - a module that is not in the registry
 * @emf: the product it is for
 * @m: it
 * @from: the extension that it came with; NULL if it was linked in
 * @unit: receives it
 *
 * Return: 0; -EINVAL for a parameter that is declared wrongly, logged; -ENOMEM.
 */
int emf_unit_new(struct emf *emf, struct module *m, struct emf_extension_file *from, struct emf_unit **unit);

/* With the one that it took the place of. Fine with NULL. */
void emf_unit_free(struct emf_unit *unit);

/* @unit stands where @old stood. */
void emf_registry_replace(struct emf_registry *registry, const struct emf_unit *old, struct emf_unit *unit);

/* Whether the module of this name is linked in, also where one of a file has taken its place. */
bool emf_registry_is_linked(const struct emf_registry *registry, const struct emf_unit *unit);

/* One that does not run any more. */
void emf_registry_remove(struct emf_registry *registry, struct emf_unit *unit);

/* The modules that were linked in: the section emf_modules. */
void emf_registry_linked(struct module *const **begin, struct module *const **end);

/* NULL if there is no such module. */
struct emf_unit *emf_registry_find(const struct emf_registry *registry, const char *name);

const char *emf_unit_state_name(enum emf_unit_state state);

#endif
