/* SPDX-License-Identifier: BSD-2-Clause */
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
	const char *only[EMF_ONLY_N];
	uint64_t left;
	bool is_over;
	struct emf_terminal terminal;
};

struct emf_column {
	char name[EMF_FIELD_NAME_MAX];
	struct emf_field field;
	int width; /* of the table, where there is room; negative for text, which is flush left */
	unsigned int fit; /* what the terminal has room for */
	unsigned int most; /* characters that the value can have */
	bool elastic; /* it may be cut on a terminal, or take what is left there */
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
 * @fitted: to so many columns of a terminal
 * @printed: how many events were
 * @filtered: how many did not match
 */
struct emf_shown {
	const struct emf_record *record;
	const struct emf_record *row;
	bool is_declared;
	bool is_off;
	struct emf_filter *filters[EMF_ONLY_N + 1];
	size_t n_filters;
	struct emf_column *columns;
	size_t n;
	unsigned int fitted;
	uint64_t printed, filtered;
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

/* The only type of event that a module prints, which it declares; or NULL. */
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
