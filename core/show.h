/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * show.h - which events are printed, and what of them: the options that all tools share,
 * and what they come to for each type of event.
 */
#ifndef EMF_CORE_SHOW_H
#define EMF_CORE_SHOW_H

#include <stdbool.h>
#include <stdint.h>

#include "field.h"
#include "filter.h"
#include "terminal.h"
#include "value.h"

#define EMF_SHOWN_MAX 32 /* types of events of one module */

struct emf;
struct emf_unit;

/* Options that mean the same in every tool: a parameter of the module, or else a filter. */
enum emf_only {
	EMF_ONLY_PID,
	EMF_ONLY_USER,
	EMF_ONLY_COMM,
	EMF_ONLY_CGROUP,
	EMF_ONLY_N,
};

/**
 * struct emf_show - what the command line says
 * @form: see there
 * @stamps: each event has the time of day in front
 * @columns: names with commas; NULL for all
 * @events: names with commas; NULL for all
 * @filter: see filter.h; NULL for none
 * @in_kernel: nothing of a filter may be left to user space
 * @capture: a file that events are written to instead of being printed; NULL for none
 * @is_heard: others can hear and count the events, too
 * @is_mixed: several modules print events, so that each line says whose it is
 * @only: of each enum emf_only what it asks for, or NULL
 * @filters: of each enum emf_only whether the modules leave it to a filter
 * @left: events until the end; 0 for no end
 * @is_over: the last of them was printed
 * @terminal: see there
 */
struct emf_show {
	enum emf_form form;
	bool stamps;
	const char *columns;
	const char *events;
	const char *filter;
	const char *capture;
	bool in_kernel, is_heard, is_mixed;
	const char *only[EMF_ONLY_N];
	uint64_t left;
	bool is_over;
	struct emf_terminal terminal;
};

struct emf_column {
	char name[EMF_FIELD_NAME_MAX];
	size_t name_len;
	struct emf_field field;
	int width; /* of the table, where there is room; negative for text, which is flush left */
	unsigned int fit; /* what the terminal has room for */
	unsigned int least; /* what it may be cut to for those beside it; 0: it is not cut */
	unsigned int most; /* characters that the value can have */
	bool is_scalar; /* neither a text, nor more than one value */
	struct emf_value_type type; /* of its value */
	bool elastic; /* the first to be cut, and it takes what is left */
};

/* @column shows @field under the name @name, which it may be cut to. */
void emf_column_set(struct emf_column *column, const char *name, const struct emf_field *field);

/* What a type is called in a file of events, and whether it is in there. */
struct emf_shown_number {
	bool is_set;
	uint16_t module, type;
};

/**
 * struct emf_shown - how one type of event is printed
 * @record: the type; what filters are on
 * @row: what columns are of: the same, but slots of a histogram have more
 * @is_declared: by its module: it can have a heading
 * @is_off: it is not
 * @filters: all of them have to match
 * @n_filters: how many
 * @columns: in their order
 * @n: how many
 * @n_fit: how many of them a table shows, as the terminal has room for
 * @fitted: to so many characters of it
 * @printed: how many events were
 * @filtered: how many did not match
 * @number: see there
 */
struct emf_shown {
	const struct emf_record *record;
	const struct emf_record *row;
	bool is_declared;
	bool is_off;
	struct emf_filter *filters[EMF_ONLY_N + 1];
	size_t n_filters;
	struct emf_column *columns;
	size_t n, n_fit;
	unsigned int fitted;
	uint64_t printed, filtered;
	struct emf_shown_number number;
};

struct emf_shown_set {
	struct emf_shown *shown[EMF_SHOWN_MAX];
	size_t n;
};

/**
 * emf_show_prepare() - what the options come to, for all modules that are wanted
 * @emf: their product; @emf->show is set
 *
 * Context: before anything starts.
 * Return: 0, or a negative errno, which has been reported.
 */
int emf_show_prepare(struct emf *emf);

/* Knows all types of events that a module declares. 0, or -ENOMEM. */
int emf_show_know(struct emf_unit *unit);

/* How a type is printed; one that was not declared by its module as all of it. NULL without memory. */
struct emf_shown *emf_show_find(struct emf_unit *unit, const struct emf_record *record);

/* The only type of event that is printed, which its module declares: it is a table. Or NULL. */
struct emf_shown *emf_show_only(const struct emf_unit *unit);

/* @shown, whose records are set, gets the columns that the command line asks for. 0, or -ENOMEM. */
int emf_shown_init(struct emf_shown *shown, const struct emf_show *show);
void emf_shown_fini(struct emf_shown *shown);

/* Whether it is printed; one that is not is counted. */
bool emf_shown_matches(struct emf_shown *shown, const void *data);

typedef void (*emf_shown_fn)(struct emf_unit *unit, struct emf_shown *shown, void *arg);

/* Of a module: its types of events, then its tables and histograms. */
void emf_show_each(struct emf_unit *unit, emf_shown_fn each, void *arg);

void emf_show_fini(struct emf_shown_set *set);

/* A line about what became of the events, for who watched. */
void emf_show_summary(const struct emf_unit *unit);

#endif
