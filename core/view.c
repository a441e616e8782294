// SPDX-License-Identifier: BSD-2-Clause
/*
 * view.c - maps that are printed by themselves: at intervals, or at the end.
 */
#include "view.h"

#include <string.h>

#include <emf/output.h>

#include "core.h"
#include "output.h"
#include "view_rows.h"

static uint64_t interval_of(const struct emf_unit *unit)
{
	return unit->m->views ? *unit->m->views->interval_ns : 0;
}

static void print_one(const struct emf_unit *unit, const struct emf_view *view, bool take, const struct emf_view_style *style)
{
	struct emf_view_rows rows;
	int err = emf_view_rows_read(unit, view, take, &rows);

	if (err)
		emf_err(unit->m, "'%s' cannot be read: %s; what it counted is not printed", view->name, strerror(-err));
	else
		emf_view_print(unit->m, view, &rows, style);
	emf_view_rows_free(&rows);
}

static void print(const struct emf_unit *unit)
{
	const struct emf_views *views = unit->m->views;
	bool is_repeated = interval_of(unit) != 0, json = unit->emf->json;
	struct emf_view_style style = { .top = views->top ? *views->top : 0 };
	char clock[16];

	emf_clock(clock, emf_now_ns());
	if (is_repeated && json)
		style.clock = clock;
	else if (is_repeated)
		emf_print(unit->m, "%s\n", clock);
	for (const struct emf_view *v = views->views; v->name; v++) {
		style.title = views->views[1].name ? v->name : NULL;
		print_one(unit, v, is_repeated, &style);
	}
	if (is_repeated && !json)
		emf_print(unit->m, "\n");
}

static void on_timer(struct emf_timer *timer)
{
	print(emf_container_of(timer, struct emf_view_timer, timer)->unit);
}

void emf_view_start(struct emf_unit *unit)
{
	uint64_t interval = interval_of(unit);

	unit->view = (struct emf_view_timer){ .timer = { .expired = on_timer }, .unit = unit };
	/* A service prints nothing, and its maps stay as they are. */
	if (interval && emf_output_is_on(unit->m))
		emf_timer_start(unit->m, &unit->view.timer, interval, interval);
}

void emf_view_end(struct emf_unit *unit)
{
	if (!unit->m->views || !emf_output_is_on(unit->m))
		return;
	emf_timer_stop(&unit->view.timer);
	print(unit);
}
