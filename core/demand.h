/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * demand.h - programs that are attached only while somebody listens to what they tell.
 */
#ifndef EMF_CORE_DEMAND_H
#define EMF_CORE_DEMAND_H

#include "bpf_object.h"
#include "worker.h"

struct emf_unit;

/**
 * struct emf_demanded - a program of which all events are on demand
 * @unit: its module
 * @prog: loaded
 * @events: of the module's table, those that it feeds, as bits
 * @attached: its links, while somebody listens
 * @closing: closes them on the worker
 * @closing_links: the worker's while @closing is under way
 * @is_closing: it is
 */
struct emf_demanded {
	struct emf_unit *unit;
	struct bpf_program *prog;
	uint64_t events;
	struct emf_bpf_links attached;
	struct emf_work closing;
	struct emf_bpf_links closing_links;
	bool is_closing;
};

struct emf_demand {
	struct emf_demanded *progs;
	size_t n;
	bool is_followed; /* who comes and goes */
};

/**
 * emf_demand_init() - find the programs that wait for a listener
 * @unit: its object is loaded
 *
 * A program feeds an event if it uses its ring, which the kernel knows.
 *
 * Return: 0; -ENOMEM; or what the kernel reports.
 */
int emf_demand_init(struct emf_unit *unit);
void emf_demand_fini(struct emf_unit *unit);

/* Whether a program is one of them, and so is not attached by its module. */
bool emf_demand_has(const struct emf_unit *unit, const struct bpf_program *prog);

/* Attaches those that are wanted, and follows who comes and goes. As emf_bpf_object_attach(). */
int emf_demand_start(struct emf_unit *unit);

/* Follows no longer. The links of those that are attached are the caller's to close. */
void emf_demand_stop(struct emf_unit *unit, struct emf_bpf_links *links);

#endif
