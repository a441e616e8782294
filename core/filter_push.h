/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * filter_push.h - what of a filter the kernel part tests itself.
 *
 * Comparisons of numbers that are joined by && at the top, of members that the description
 * of the event names: those decide there before a record is begun. All of the filter is
 * applied to what comes all the same.
 */
#ifndef EMF_CORE_FILTER_PUSH_H
#define EMF_CORE_FILTER_PUSH_H

struct emf;
struct emf_unit;

/* Of all modules that are wanted: whether nothing of their filters is left to user space. 0, or -EINVAL, which has been reported. */
int emf_filter_push_check(struct emf *emf);

/* Writes into the kernel part what it tests, after it was opened and before it is loaded. 0. */
int emf_filter_push(struct emf_unit *unit);

#endif
