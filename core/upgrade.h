/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * upgrade.h - a module takes the place of another one while that runs: the new one is loaded beside the old, has its maps, links,
 * rings, services and parameters from it, and the old one goes. All of it happens in one turn of the loop, or not at all.
 */
#ifndef EMF_CORE_UPGRADE_H
#define EMF_CORE_UPGRADE_H

#include <emf/bus.h>
#include <stdbool.h>
#include <stdio.h>

#define EMF_UPGRADE_WHY_MAX 1024 /* as EMF_WHY_MAX, core/module.h */

struct emf;
struct emf_unit;

/**
 * struct emf_upgrade - one that was asked for
 * @path: of the file; NULL to go back to what ran before
 * @is_dry: it is only said what would happen
 * @settled: called once; what follows is good until it has returned
 * @asker: whom that answers over the bus
 * @unit: what was made, while it is
 * @err: 0, or why not
 * @why: a sentence about that
 * @answer: memory that who asked needs to hear of it, freed with this; asked for before, so that what was done can be told
 * @report: what happened, or would: lines of text; NULL on error
 * @size: of it
 */
struct emf_upgrade {
	char *path;
	bool is_dry;
	void (*settled)(struct emf_upgrade *upgrade);
	struct ebus_deferred asker;
	struct emf_unit *unit;
	int err;
	char why[EMF_UPGRADE_WHY_MAX];
	void *answer;
	char *report;
	size_t size;
};

/**
 * emf_upgrade_ask() - let a module of a file take the place of one that runs
 * @unit: that runs
 * @path: of an extension or a package with one module of that name; NULL to go back to what ran before
 * @is_dry: load it, say what would happen, and forget it
 * @settled: called in a later turn, when the old one is gone, or with the error: then it goes on as it was
 * @why: receives a sentence that says why not
 *
 * Context: loop thread, also inside a callback of the module.
 * Return: 0; -EBUSY if it is being started, stopped or upgraded; -EALREADY if it does not run; -ENOENT if nothing ran
 * before; -EOPNOTSUPP for one that stands for a chain; -ENOMEM.
 */
int emf_upgrade_ask(struct emf_unit *unit, const char *path, bool is_dry, void (*settled)(struct emf_upgrade *upgrade), char why[EMF_UPGRADE_WHY_MAX]);

/* At the end of a turn, when no function of a module runs: does what was asked for. */
void emf_upgrade_turn(struct emf *emf);

/* Whether that has something to do. */
bool emf_upgrade_is_due(const struct emf *emf);

/* Nobody is told any more. Fine with NULL. */
void emf_upgrade_free(struct emf_upgrade *upgrade);

/* --- parts */

/* What @unit has of unit->replaces by now, that one has again. */
void emf_upgrade_give_back(struct emf_unit *unit);

/* Whether those who need unit->replaces could do with @unit. 0, or a negative errno and a sentence. */
int emf_upgrade_check(const struct emf_unit *unit, char why[EMF_UPGRADE_WHY_MAX]);

/* Parameters of @unit have the values that they have in unit->replaces. 0, or a negative errno and a sentence. */
int emf_upgrade_carry_params(struct emf_unit *unit, char why[EMF_UPGRADE_WHY_MAX]);

/* What becomes of maps, programs and parameters, line by line; @unit is loaded. */
void emf_upgrade_report(const struct emf_unit *unit, FILE *out);

#endif
