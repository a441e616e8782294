/* SPDX-License-Identifier: BSD-2-Clause */
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

/* Stops all that run, in reverse order, and waits for it. */
void emf_life_stop(struct emf *emf);

/* Calls notify of a module. */
void emf_life_notify(struct emf_unit *unit, enum emf_event event, const char *peer);

/* How long the loop may wait at the most, in ms; -1 if nobody polls. */
int emf_life_timeout_ms(const struct emf *emf);

/* How many modules run. */
size_t emf_life_running(const struct emf *emf);

#endif
