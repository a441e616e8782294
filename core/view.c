// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * view.c - maps that are printed by themselves: at intervals, or at the end.
 */
#include "view.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <emf/output.h>

#include "core.h"
#include "output.h"
#include "view_rows.h"
#include "view_shown.h"
#include "view_stacks.h"

static uint64_t interval_of(const struct emf_unit *unit)
{
	const __u64 *interval_ns = unit->m->views ? unit->m->views->interval_ns : NULL;

	return interval_ns ? *interval_ns : 0;
}

int emf_view_know(struct emf_unit *unit)
{
	struct emf_view_state *state = &unit->view;
	const struct emf_view *views = unit->m->views ? unit->m->views->views : NULL;
	size_t n = 0;

	if (!views || state->shown)
		return 0;
	while (views[n].name)
		n++;
	state->left = unit->emf->show.left;
	state->shown = calloc(n + 1, sizeof(*state->shown));
	for (size_t i = 0; state->shown && i < n; i++) {
		struct emf_view_shown *shown = NULL;

		if (!emf_conditions_hold(views[i].conditions))
			continue;
		shown = emf_view_shown_new(&views[i], &unit->emf->show);
		if (!shown) {
			emf_view_fini(unit);
			break;
		}
		state->shown[state->n++] = shown;
	}
	return state->shown ? 0 : -ENOMEM;
}

void emf_view_fini(struct emf_unit *unit)
{
	struct emf_view_state *state = &unit->view;

	while (state->n)
		emf_view_shown_free(state->shown[--state->n]);
	free(state->shown);
	state->shown = NULL;
}

static bool is_ready(struct emf_unit *unit)
{
	/* A service prints nothing, and its maps stay as they are. */
	if (!unit->m->views || !emf_output_is_on(unit->m))
		return false;
	if (!emf_view_know(unit))
		return true;
	emf_err(unit->m, "out of memory: its tables and histograms are not printed");
	unit->emf->exit_status = EMF_EXIT_FAILED;
	return false;
}

static void print_one(const struct emf_unit *unit, struct emf_view_shown *shown, bool take, const struct emf_view_style *style)
{
	struct emf_view_rows rows;
	int err;

	if (shown->taken) {
		emf_view_stacks_print(unit, shown, style->now_ns);
		return;
	}
	err = emf_view_rows_read(unit, shown->view, take && !shown->view->stays, &rows);
	if (err) {
		emf_err(unit->m, "'%s' cannot be read: %s; what it counted is not printed", shown->view->name, strerror(-err));
		unit->emf->exit_status = EMF_EXIT_FAILED;
	} else {
		emf_view_print(unit->m, shown, &rows, style);
	}
	emf_view_rows_free(&rows);
}

static bool has_time(const struct emf_unit *unit)
{
	return interval_of(unit) || unit->emf->show.stamps;
}

/* In the end all of them are. */
static bool is_due(const struct emf_view_state *state, const struct emf_view_shown *shown, bool is_end)
{
	return !shown->shown.is_off && (is_end || shown->view->every < 2 || state->intervals % shown->view->every == 0);
}

static void print(const struct emf_unit *unit, bool is_end)
{
	const struct emf_views *views = unit->m->views;
	const struct emf_view_state *state = &unit->view;
	bool is_repeated = interval_of(unit) != 0, is_text = unit->emf->show.form == EMF_FORM_TABLE;
	struct emf_view_style style = { .top = views->top ? *views->top : 0, .now_ns = has_time(unit) ? emf_now_ns() : 0 };
	char clock[16];
	size_t n = 0, n_due = 0;

	for (size_t i = 0; i < state->n; i++) {
		n += !state->shown[i]->shown.is_off;
		n_due += is_due(state, state->shown[i], is_end);
	}
	if (state->n && n && !n_due)
		return;
	if (style.now_ns && is_text)
		emf_print(unit->m, "%s\n", emf_clock(clock, style.now_ns));
	for (size_t i = 0; i < state->n; i++) {
		style.title = n > 1 ? state->shown[i]->view->name : NULL;
		if (is_due(state, state->shown[i], is_end))
			print_one(unit, state->shown[i], is_repeated, &style);
	}
	if (is_repeated && is_text)
		emf_print(unit->m, "\n");
}

static void on_timer(struct emf_timer *timer)
{
	struct emf_view_state *state = emf_container_of(timer, struct emf_view_state, timer);
	struct emf *emf = state->unit->emf;

	state->intervals++;
	print(state->unit, false);
	if (!state->left || --state->left)
		return;
	state->is_over = true;
	emf_timer_stop(timer);
	emf->show.is_over = true;
	emf->quit.asked = true;
}

static void look(struct emf_timer *timer)
{
	struct emf_view_state *state = emf_container_of(timer, struct emf_view_state, look);

	for (size_t i = 0; i < state->n; i++) {
		int err = state->shown[i]->taken ? emf_view_stacks_look(state->unit, state->shown[i]) : 0;

		if (!err)
			continue;
		emf_err(state->unit->m, "'%s' cannot be read: %s", state->shown[i]->view->name, strerror(-err));
		emf_timer_stop(timer);
	}
}

/* Of what is off nothing is taken. */
static void begin_stacks(struct emf_unit *unit)
{
	struct emf_view_state *state = &unit->view;

	state->look = (struct emf_timer){ .expired = look };
	for (size_t i = 0; i < state->n; i++) {
		struct emf_view_shown *shown = state->shown[i];
		int err = shown->view->stacks && !shown->shown.is_off && !shown->taken ? emf_view_stacks_begin(unit, shown) : 0;

		if (err)
			emf_err(unit->m, "'%s' cannot be read: %s; what it counted is not printed", shown->view->name, strerror(-err));
		shown->shown.is_off |= err != 0;
		if (shown->taken && !state->look.source.owner)
			emf_timer_start(unit->m, &state->look, EMF_VIEW_LOOK_NS, EMF_VIEW_LOOK_NS);
	}
}

/* What is counted by -n: events of any module, or intervals. */
static bool is_counted(const struct emf *emf)
{
	for (size_t u = 0; u < emf->registry.n; u++) {
		const struct emf_unit *unit = emf->registry.units[u];

		if (unit->wanted && (unit->shown.n || (unit->m->views && interval_of(unit))))
			return true;
	}
	return false;
}

void emf_view_start(struct emf_unit *unit)
{
	uint64_t interval = interval_of(unit);

	unit->view.timer = (struct emf_timer){ .expired = on_timer };
	unit->view.unit = unit;
	unit->view.interval = interval;
	if (!is_ready(unit))
		return;
	begin_stacks(unit);
	for (size_t i = 0; unit->emf->show.form == EMF_FORM_CSV && i < unit->view.n; i++)
		if (!unit->view.shown[i]->shown.is_off)
			emf_view_csv_heading(unit->m, unit->view.shown[i], has_time(unit));
	if (unit->view.left && !is_counted(unit->emf))
		emf_warn(unit->m, "--count: it prints once, when it ends: say how often by --interval, or when it ends by --duration");
	if (interval)
		emf_timer_start(unit->m, &unit->view.timer, interval, interval);
}

void emf_view_change(struct emf_unit *unit)
{
	uint64_t interval = interval_of(unit);

	if (!unit->m->views || unit->view.is_over || unit->view.interval == interval || !is_ready(unit))
		return;
	emf_timer_stop(&unit->view.timer);
	unit->view.interval = interval;
	if (interval)
		emf_timer_start(unit->m, &unit->view.timer, interval, interval);
}

bool emf_view_takes(const struct emf_unit *unit)
{
	return unit->view.timer.source.owner;
}

static void tell_lost(const struct emf_unit *unit)
{
	for (const struct emf_lost *lost = unit->m->views ? unit->m->views->lost : NULL; lost && lost->variable.section; lost++) {
		const void *at = emf_bpf_object_variable(unit, &lost->variable);
		__u64 n = 0;

		if (at)
			memcpy(&n, at, sizeof(n));
		if (n)
			emf_warn(unit->m, "%" PRIu64 " %s", (uint64_t)n, lost->text);
	}
}

void emf_view_end(struct emf_unit *unit)
{
	if (!unit->view.is_over && is_ready(unit)) {
		emf_timer_stop(&unit->view.timer);
		emf_timer_stop(&unit->view.look);
		print(unit, true);
	}
	/* Its maps go: who starts it again has others. */
	for (size_t i = 0; i < unit->view.n; i++)
		emf_view_stacks_free(unit->view.shown[i]);
	tell_lost(unit);
}
