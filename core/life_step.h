/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * life_step.h - what one module goes through. life.h says when.
 */
#ifndef EMF_CORE_LIFE_STEP_H
#define EMF_CORE_LIFE_STEP_H

#include <stdbool.h>

struct emf_unit;
struct module;

/* A callback of the module, which it need not have. */
int emf_unit_call(struct emf_unit *unit, int (*callback)(struct module *));

/**
 * emf_unit_load() - open its kernel part, check what it needs, load it
 * @unit: one that does not run
 *
 * Nothing of it takes part in anything yet. What fails is unwound, told in unit->why and logged, as with those below.
 *
 * Return: 0 or a negative errno.
 */
int emf_unit_load(struct emf_unit *unit);

/* Opens its events, calls its create, lets it serve. 0 or a negative errno. */
int emf_unit_join(struct emf_unit *unit);

/* Attaches its programs, builds its chain, calls its attach: it runs. 0 or a negative errno. */
int emf_unit_attach(struct emf_unit *unit);

/* Everything but the links, which are closed by then; @created: its create has succeeded. */
void emf_unit_release(struct emf_unit *unit, bool created);

/* It is failed, and that is logged: with unit->why, or @step and the error where that says nothing. */
void emf_unit_set_failed(struct emf_unit *unit, const char *step, int err);

#endif
