/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * view.h - maps that are printed by themselves: when, and what.
 */
#ifndef EMF_CORE_VIEW_H
#define EMF_CORE_VIEW_H

#include <emf/loop.h>
#include <emf/view.h>

struct emf_unit;
struct emf_view_rows;

/* Of a module; embedded in its unit. */
struct emf_view_timer {
	struct emf_timer timer;
	struct emf_unit *unit;
};

/* Its programs are attached: prints from now on, if it prints at intervals. */
void emf_view_start(struct emf_unit *unit);

/* They are not any more: prints what there is, or what came after the last interval. */
void emf_view_end(struct emf_unit *unit);

/* What a view is printed with. */
struct emf_view_style {
	const char *title; /* where there are several; or NULL */
	const char *clock; /* the time of day, of JSON; or NULL */
	uint32_t top;      /* rows of a table; 0 for all */
};

/* Prints what was read, in the order of its weight; sorts @rows. */
void emf_view_print(const struct module *m, const struct emf_view *view, struct emf_view_rows *rows, const struct emf_view_style *style);

#endif
