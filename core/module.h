/* SPDX-License-Identifier: BSD-2-Clause */
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
#include "param.h"
#include "place.h"
#include "ring.h"
#include "show.h"
#include "view.h"
#include "worker.h"

struct emf;

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
 */
struct emf_unit {
	struct module *m;
	struct emf *emf;
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
};

struct emf_registry {
	struct emf_unit *units; /* in the order in which they start */
	size_t n;
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

/* The modules that were linked in: the section emf_modules. */
void emf_registry_linked(struct module *const **begin, struct module *const **end);

/* NULL if there is no such module. */
struct emf_unit *emf_registry_find(const struct emf_registry *registry, const char *name);

const char *emf_unit_state_name(enum emf_unit_state state);

#endif
