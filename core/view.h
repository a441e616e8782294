/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * view.h - maps that are printed by themselves: when, and what.
 */
#ifndef EMF_CORE_VIEW_H
#define EMF_CORE_VIEW_H

#include <emf/loop.h>
#include <emf/view.h>

struct emf_line;
struct emf_unit;
struct emf_view_row;
struct emf_view_rows;
struct emf_view_shown;

/* Of a module; embedded in its unit. */
struct emf_view_state {
	struct emf_timer timer; /* of intervals */
	struct emf_timer look; /* at stacks */
	struct emf_unit *unit;
	struct emf_view_shown **shown; /* @n of them; NULL until they are known */
	size_t n;
	uint64_t interval; /* that the timer has, in ns; 0 of one that does not run */
	uint64_t left; /* intervals until the end; 0 for no end */
	uint64_t intervals; /* that are over */
	bool is_over;  /* the last of them was printed */
};

/* What its views are printed as; once. 0, or -ENOMEM. */
int emf_view_know(struct emf_unit *unit);
void emf_view_fini(struct emf_unit *unit);

/* Its programs are attached: prints from now on, if it prints at intervals. */
void emf_view_start(struct emf_unit *unit);

/* Parameters have new values: prints at another interval, or no more. */
void emf_view_change(struct emf_unit *unit);

/* Whether what it prints is emptied at intervals. */
bool emf_view_takes(const struct emf_unit *unit);

/* They are not any more: prints what there is, or what came after the last interval, and tells what was lost. */
void emf_view_end(struct emf_unit *unit);

/* What a view is printed with. */
struct emf_view_style {
	const char *title; /* where there are several; or NULL */
	uint64_t now_ns;   /* monotonic; 0 for no time in front */
	uint32_t top;	   /* rows of a table; 0 for all */
};

/* Prints what was read, in the order of its weight; sorts @rows, and frees those that do not match. */
void emf_view_print(const struct module *m, struct emf_view_shown *shown, struct emf_view_rows *rows, const struct emf_view_style *style);

#define EMF_VIEW_LINE_BYTES (1 << 20) /* of a row of the largest size, each byte of which is escaped */

/* A table for people, of the first @n rows. */
void emf_view_table(const struct module *m, struct emf_view_shown *shown, const struct emf_view_rows *rows, size_t n);

/* One row, or a histogram; @row is NULL of one whose keys are the slots, @slots of a table. */
void emf_view_json(const struct module *m, const struct emf_view_shown *shown, const struct emf_view_row *row, const uint64_t *slots, uint64_t now_ns);

/* As comma-separated values: the heading, then rows in their order. @n: of a table, how many of them. */
void emf_view_csv_heading(const struct module *m, const struct emf_view_shown *shown, bool has_time);
void emf_view_csv(const struct module *m, const struct emf_view_shown *shown, const struct emf_view_rows *rows, size_t n, uint64_t now_ns);

/* How many a histogram has counted in each of its slots, of the value of a row. */
void emf_view_slots(const struct emf_view *view, const char *value, uint64_t *slots);

/* The same of a histogram whose keys are the slots. Returns the sum. */
uint64_t emf_view_counts(const struct emf_view *view, const struct emf_view_rows *rows, uint64_t *slots);

/* Tools that have one histogram of all under a key call that key -1. */
bool emf_view_is_all_together(const struct emf_view *view, const char *key);

#endif
