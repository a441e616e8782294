/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * least.h - the capabilities that a service keeps when everything is attached.
 */
#ifndef EMF_CORE_LEAST_H
#define EMF_CORE_LEAST_H

#include "core.h"

/* What modules declare in "needs cap(...)", and what their processes take of those that are isolated. */
uint64_t emf_least_declared(const struct emf *emf);

/**
 * emf_least_keep() - give up all capabilities but these and those that modules declare
 * @emf: its modules are attached; its threads are of EMF's own
 * @caps: to be kept besides, for modules that come later
 *
 * What it executes later has no others either: as user 0 no more than these, as another one what the file has.
 *
 * Return: 0, or a negative errno, which has been reported.
 */
int emf_least_keep(struct emf *emf, uint64_t caps);

#endif
