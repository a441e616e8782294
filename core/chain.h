/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * chain.h - chains of this product: each an instance on each of its targets.
 */
#ifndef EMF_CORE_CHAIN_H
#define EMF_CORE_CHAIN_H

#include "chain_build.h"
#include "chain_hook.h"
#include "chain_pin.h"

#define EMF_CHAIN_TARGETS_MAX 64

struct emf_chain_tracer;

/* A chain on one target. */
struct emf_chain_instance {
	struct emf_chain_hook hook;
	struct emf_chain_maps maps;
	struct emf_chain_pins pins;
	struct emf_chain_generation *now; /* that runs; NULL before the first one, and when the target is gone */
	struct emf_chain_generation *next; /* while it is changed */
	uint32_t number;		  /* of what runs */
	struct emf_chain_tracer *tracer;  /* while packets are traced */
};

/* 0; or -EINVAL with unit->why for a module whose programs are in chains, none of which hangs anywhere. */
int emf_chain_check(struct emf_unit *unit);

/**
 * emf_chain_start() - build the first generation on each target, and hang it there
 * @unit: the module that stands for the chain
 *
 * Return: 0; or an error with unit->why, and nothing hangs anywhere.
 */
int emf_chain_start(struct emf_unit *unit);

/* On some targets; as emf_chain_rebuild(). */
int emf_chain_renew(struct emf_unit *unit, struct emf_chain_instance *instances, size_t n);

/**
 * emf_chain_rebuild() - a generation of the modules that run now, on each target
 * @unit: the module that stands for the chain
 *
 * A target that is gone is left out from now on, with a warning.
 *
 * Return: 0; or an error with unit->why: all of it runs on as it was.
 */
int emf_chain_rebuild(struct emf_unit *unit);

/* What hangs on one target, with all that it has. */
void emf_chain_take_down(struct emf_unit *unit, struct emf_chain_instance *instance);

/* Takes all of it down. */
void emf_chain_stop(struct emf_unit *unit);

/* Whether a module has programs in the chain that another one stands for. */
bool emf_chain_needs(const struct module *user, const struct module *chain);

/**
 * emf_chain_changed() - a module with programs in chains came or goes: those chains that run are built anew
 * @module: it; its why receives a sentence if it came and cannot be part of one
 *
 * Return: 0; or the error: that chain runs on as it was.
 */
int emf_chain_changed(struct emf_unit *module);

/* The same when @unit took the place of @old, which has no part in any chain from then on. */
int emf_chain_replaced(const struct emf_unit *old, struct emf_unit *unit);

/* A chain did not start: modules with programs in it end, rather than run without anybody noticing. */
void emf_chain_failed(const struct emf_unit *unit);

/* Whether the chains of a module can do without it: 0; or an error with a sentence, such as a slot that would be empty. */
int emf_chain_can_lose(struct emf_unit *module, char *why, size_t size);

/* How many programs of a module take part in chains, on all targets. */
size_t emf_chain_programs(const struct emf_unit *module);

#endif
