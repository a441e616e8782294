// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * show.c - what the options that all tools share come to, for each type of event.
 */
#include "show.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <emf/event.h>

#include "core.h"
#include "event_file.h"
#include "filter_push.h"
#include "log.h"
#include "show_only.h"
#include "suggest.h"
#include "view_shown.h"

static int all_columns(struct emf_shown *shown)
{
	shown->n = shown->row->n;
	shown->columns = calloc(shown->n + 1, sizeof(*shown->columns));
	if (!shown->columns)
		return -ENOMEM;
	for (size_t i = 0; i < shown->n; i++)
		emf_column_set(&shown->columns[i], shown->row->members[i].name, &(struct emf_field){ &shown->row->members[i], 0 });
	return 0;
}

/* Calls @each with every name of "a,b,c"; 0 if all of them could be, else how the first one went. */
static int for_each_name(const char *names, int (*each)(const char *name, void *arg), void *arg)
{
	int err = 0;

	while (!err && *names) {
		char name[EMF_FIELD_NAME_MAX];
		size_t len = strcspn(names, ",");

		snprintf(name, sizeof(name), "%.*s", (int)len, names);
		err = len && len < sizeof(name) ? each(name, arg) : 0;
		names += len + (names[len] == ',');
	}
	return err;
}

/* A name that is missing, or longer than any, is a slip of who wrote the list. */
static int check_names(const char *option, const char *names)
{
	for (const char *name = names;; name++) {
		size_t len = strcspn(name, ",");

		if (!len || len >= EMF_FIELD_NAME_MAX) {
			emf_err(NULL, "%s: '%s' is no list of names: write NAME,NAME", option, names);
			return -EINVAL;
		}
		name += len;
		if (!*name)
			return 0;
	}
}

static int add_column(const char *name, void *arg)
{
	struct emf_shown *shown = arg;
	struct emf_field field;

	/* Of several types of events, one has it: find_columns() looked. */
	if (!emf_field_find(shown->row, name, &field))
		emf_column_set(&shown->columns[shown->n++], name, &field);
	return 0;
}

static int some_columns(struct emf_shown *shown, const char *names)
{
	size_t n = 1;

	for (const char *c = names; *c; c++)
		n += *c == ',';
	shown->columns = calloc(n, sizeof(*shown->columns));
	return shown->columns ? for_each_name(names, add_column, shown) : -ENOMEM;
}

int emf_shown_init(struct emf_shown *shown, const struct emf_show *show)
{
	int err = show->columns ? some_columns(shown, show->columns) : all_columns(shown);

	shown->n_fit = shown->n;
	return err;
}

void emf_shown_fini(struct emf_shown *shown)
{
	while (shown->n_filters)
		free(shown->filters[--shown->n_filters]);
	free(shown->columns);
}

bool emf_shown_matches(struct emf_shown *shown, const void *data)
{
	if (shown->is_off) {
		shown->filtered++;
		return false;
	}
	for (size_t i = 0; i < shown->n_filters; i++) {
		if (emf_filter_matches(shown->filters[i], data))
			continue;
		shown->filtered++;
		return false;
	}
	return true;
}

static struct emf_shown *add_shown(struct emf_unit *unit, const struct emf_record *record)
{
	struct emf_shown_set *set = &unit->shown;
	struct emf_shown *shown = set->n < EMF_SHOWN_MAX ? calloc(1, sizeof(*shown)) : NULL;

	if (!shown)
		return NULL;
	shown->record = shown->row = record;
	if (emf_shown_init(shown, &unit->emf->show)) {
		free(shown);
		return NULL;
	}
	return set->shown[set->n++] = shown;
}

struct emf_shown *emf_show_find(struct emf_unit *unit, const struct emf_record *record)
{
	for (size_t i = 0; i < unit->shown.n; i++)
		if (unit->shown.shown[i]->record == record)
			return unit->shown.shown[i];
	return add_shown(unit, record);
}

int emf_show_know(struct emf_unit *unit)
{
	for (const struct emf_event_source *e = unit->m->events; e && e->ring; e++) {
		struct emf_shown *shown = e->printed ? emf_show_find(unit, e->printed) : NULL;

		if (e->printed && !shown)
			return -ENOMEM;
		if (shown)
			shown->is_declared = true;
	}
	return 0;
}

struct emf_shown *emf_show_only(const struct emf_unit *unit)
{
	struct emf_shown *only = NULL;

	for (size_t i = 0; !unit->emf->show.is_mixed && i < unit->shown.n; i++) {
		if (unit->shown.shown[i]->is_off)
			continue;
		if (only)
			return NULL;
		only = unit->shown.shown[i];
	}
	return only && only->is_declared ? only : NULL;
}

void emf_show_fini(struct emf_shown_set *set)
{
	while (set->n) {
		struct emf_shown *shown = set->shown[--set->n];

		emf_shown_fini(shown);
		free(shown);
	}
}

/* --- before the start: what is asked for exists */

/* What a name of the command line is looked for in. */
struct search {
	struct emf *emf;
	size_t found;
	struct emf_suggestion near;
};

void emf_show_each(struct emf_unit *unit, emf_shown_fn each, void *arg)
{
	for (size_t i = 0; i < unit->shown.n; i++)
		each(unit, unit->shown.shown[i], arg);
	for (size_t i = 0; i < unit->view.n; i++)
		each(unit, &unit->view.shown[i]->shown, arg);
}

static void for_each_shown(struct emf *emf, emf_shown_fn each, void *arg)
{
	for (size_t u = 0; u < emf->registry.n; u++)
		if (emf->registry.units[u]->wanted)
			emf_show_each(emf->registry.units[u], each, arg);
}

static int not_found(const char *what, const struct search *search)
{
	const char *near = search->near.best;

	emf_err(NULL, "%s '%s'%s%s%s", what, search->near.word, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
	return -EINVAL;
}

static void look_for_event(struct emf_unit *unit, struct emf_shown *shown, void *arg)
{
	struct search *search = arg;

	(void)unit;
	emf_suggest(&search->near, shown->record->name);
	if (strcmp(shown->record->name, search->near.word) != 0)
		return;
	shown->is_off = false;
	search->found++;
}

static int select_event(const char *name, void *arg)
{
	struct search search = { .near = { .word = name } };

	for_each_shown(arg, look_for_event, &search);
	if (search.found)
		return 0;
	return not_found("--event: no module that runs has an event, a table or a histogram", &search);
}

static void look_for_column(struct emf_unit *unit, struct emf_shown *shown, void *arg)
{
	struct search *search = arg;
	struct emf_field field;

	(void)unit;
	search->found += !shown->is_off && !emf_field_find(shown->row, search->near.word, &field);
	for (size_t i = 0; !shown->is_off && i < shown->row->n; i++)
		emf_suggest(&search->near, shown->row->members[i].name);
}

static int check_column(const char *name, void *arg)
{
	struct search search = { .near = { .word = name } };

	for_each_shown(arg, look_for_column, &search);
	if (search.found)
		return 0;
	return not_found("--columns: nothing that is printed has", &search);
}

struct filtering {
	const char *text;
	size_t parsed;
	bool failed, other; /* by another reason than that there is no such member */
	char why[EMF_FILTER_WHY_MAX];
};

/* Of several types of events those without the member never match; one has to have it. */
static void set_filter(struct emf_unit *unit, struct emf_shown *shown, void *arg)
{
	struct filtering *filtering = arg;
	struct emf_filter *filter;
	char why[EMF_FILTER_WHY_MAX];
	int err;

	(void)unit;
	if (shown->is_off)
		return;
	err = emf_filter_parse(shown->record, filtering->text, &filter, why);
	if (!err) {
		shown->filters[shown->n_filters++] = filter;
		filtering->parsed++;
		return;
	}
	shown->is_off = err == -ENOENT;
	/* The nearest name is told, whichever type has it. */
	if (filtering->other || (err == -ENOENT && filtering->failed && strstr(filtering->why, "did you mean")))
		return;
	filtering->failed = true;
	filtering->other = err != -ENOENT;
	memcpy(filtering->why, why, sizeof(why));
}

static int set_filters(struct emf *emf)
{
	struct filtering filtering = { .text = emf->show.filter };

	if (!filtering.text)
		return 0;
	for_each_shown(emf, set_filter, &filtering);
	if (!filtering.failed && !filtering.parsed)
		emf_err(NULL, "--filter: no module that runs prints events, tables or histograms: there is nothing to choose from");
	else if (filtering.other || !filtering.parsed)
		emf_err(NULL, "--filter: %s", filtering.why);
	return filtering.other || !filtering.parsed ? -EINVAL : 0;
}

/* What is printed, as "a, b, c". */
struct types {
	size_t n;
	char names[512];
};

static void add_type(struct emf_unit *unit, struct emf_shown *shown, void *arg)
{
	struct types *types = arg;
	size_t at = strlen(types->names);

	(void)unit;
	if (!shown->is_off)
		snprintf(types->names + at, sizeof(types->names) - at, "%s%s", types->n++ ? ", " : "", shown->record->name);
}

static void turn_off(struct emf_unit *unit, struct emf_shown *shown, void *arg)
{
	(void)unit;
	(void)arg;
	shown->is_off = true;
}

static int select_events(struct emf *emf)
{
	struct types types = { 0 };
	int err = 0;

	if (emf->show.events) {
		for_each_shown(emf, turn_off, NULL);
		err = check_names("--event", emf->show.events);
	}
	if (!err && emf->show.events)
		err = for_each_name(emf->show.events, select_event, emf);
	for_each_shown(emf, add_type, &types);
	if (!err && types.n > 1 && emf->show.form == EMF_FORM_CSV) {
		emf_err(NULL, "--csv: what is printed is of %zu types, whose columns differ: choose one by --event: %s", types.n, types.names);
		return -EINVAL;
	}
	return err;
}

static bool prints_events(const struct emf_unit *unit)
{
	bool prints = false;

	for (size_t i = 0; i < unit->shown.n; i++)
		prints = prints || !unit->shown.shown[i]->is_off;
	return prints;
}

static bool is_mixed(const struct emf *emf)
{
	size_t n = 0;

	for (size_t u = 0; u < emf->registry.n; u++)
		n += emf->registry.units[u]->wanted && prints_events(emf->registry.units[u]);
	return n > 1;
}

int emf_show_prepare(struct emf *emf)
{
	int err = 0;

	for (size_t u = 0; !err && u < emf->registry.n; u++)
		if (emf->registry.units[u]->wanted)
			err = emf_show_know(emf->registry.units[u]) ? -ENOMEM : emf_view_know(emf->registry.units[u]);
	if (err) {
		emf_err(NULL, "out of memory");
		return err;
	}
	err = select_events(emf);
	if (!err && emf->show.columns)
		err = check_names("--columns", emf->show.columns);
	if (!err && emf->show.columns)
		err = for_each_name(emf->show.columns, check_column, emf);
	if (!err)
		err = set_filters(emf);
	if (!err)
		err = emf_show_only_these(emf);
	emf->show.is_mixed = is_mixed(emf);
	if (!err && emf->show.in_kernel)
		err = emf_filter_push_check(emf);
	return err || !emf->show.capture ? err : emf_event_file_create(emf);
}
