/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * guardian.h - a small process that takes away what a killed product left in the kernel.
 *
 * A filter of clsact, and an XDP program that hangs by netlink, are owned by no file descriptor. So the guardian is told
 * of each before it is made; it waits until its socket to the product is closed, by whatever end, and removes those that
 * are left. It is started when there is the first such thing, and never before.
 */
#ifndef EMF_CORE_GUARDIAN_H
#define EMF_CORE_GUARDIAN_H

#include <stdbool.h>

#include "owned.h"

struct emf_guardian;

/**
 * emf_guardian_take() - tell it of a thing that is about to be made
 * @guardian: that of this product; started if it is NULL
 * @product: the name of this one
 * @thing: see there; @programs[0] is the one that will hang there
 * @other: the program that was there before, or -1; it has a copy
 *
 * Without a guardian, which is told, the record in the run folder remains, for the next start or "purge".
 *
 * Return: the number of the thing; -ENOSPC; -ENOMEM.
 */
int emf_guardian_take(struct emf_guardian **guardian, const char *product, const struct emf_owned *thing, int other);

/* Thing @number is otherwise from now on: another program is about to hang there, or does. Fine without a guardian, and below 0. */
void emf_guardian_change(struct emf_guardian *guardian, int number, const struct emf_owned *thing);

/* It is gone. */
void emf_guardian_drop(struct emf_guardian *guardian, int number);

/* Whether there is another filter on the interface, for which we made clsact. */
bool emf_guardian_made_qdisc(const struct emf_guardian *guardian, unsigned int ifindex);

/* Ends it and waits for that: all that is still there, it removes. Fine on NULL. */
void emf_guardian_end(struct emf_guardian *guardian);

#endif
