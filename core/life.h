/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * life.h - the life of modules: start, turn, stop.
 */
#ifndef EMF_CORE_LIFE_H
#define EMF_CORE_LIFE_H

#include "core.h"

/**
 * emf_life_start() - create, then attach, all modules that are wanted
 * @emf: the product
 *
 * A module that fails is unwound and logged; the others go on.
 *
 * Return: 0; or the error of a required module, after all was stopped again.
 */
int emf_life_start(struct emf *emf);

/**
 * emf_life_turn() - what is due once per loop turn: polls, and stops asked for
 * @emf: the product
 *
 * Return: 0; or the error of a required module that stopped.
 */
int emf_life_turn(struct emf *emf);

/**
 * emf_life_ask_start() - start a module while others run
 * @unit: the module
 * @settled: called once in a later turn, when it runs or has failed: see unit->state
 * @why: receives a sentence on error
 * @size: of it
 *
 * Return: 0; -EALREADY if it runs; -EBUSY if it is being started or stopped.
 */
int emf_life_ask_start(struct emf_unit *unit, void (*settled)(struct emf_unit *unit), char *why, size_t size);

/* Whether emf_life_ask_stop() would do it; the same errors. */
int emf_life_can_stop(struct emf_unit *unit, char *why, size_t size);

/**
 * emf_life_ask_stop() - stop a module while others run on
 * @unit: the module; it may be its own callback that asks
 * @settled: called once in a later turn, when nothing of it is left
 * @why: receives a sentence on error
 * @size: of it
 *
 * Return: 0; -EALREADY if it does not run; -EBUSY if it is being started or stopped, or a
 * module that runs cannot do without it; -EPERM if it is required.
 */
int emf_life_ask_stop(struct emf_unit *unit, void (*settled)(struct emf_unit *unit), char *why, size_t size);

/* Stops all that run, in reverse order, and waits for it. */
void emf_life_stop(struct emf *emf);

/* Calls notify of a module. */
void emf_life_notify(struct emf_unit *unit, enum emf_event event, const char *peer);

/* How long the loop may wait at the most, in ms; -1 if nobody polls. */
int emf_life_timeout_ms(const struct emf *emf);

/* How many modules run. */
size_t emf_life_running(const struct emf *emf);

#endif
