// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * view_csv.c - tables and histograms of maps as comma-separated values.
 */
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "core.h"
#include "hist.h"
#include "output.h"
#include "sink.h"
#include "view.h"
#include "view_rows.h"
#include "view_shown.h"

void emf_view_csv_heading(const struct module *m, const struct emf_view_shown *shown, bool has_time)
{
	struct emf_show show = { .stamps = has_time };
	char text[EMF_FIELD_NAME_MAX * 32];
	struct emf_line line = { .text = text, .size = sizeof(text) };

	emf_sink_csv_heading(&line, &show, &shown->shown);
	emf_output_write(m, line.text, line.at);
}

/* There is nothing to say: no key of all together, no end of the last slot. */
static bool is_empty(const struct emf_view_shown *shown, const struct emf_column *column, const struct emf_view_row *row)
{
	uint64_t v;

	if (emf_view_part(shown, column) != EMF_VIEW_SLOT)
		return shown->view->slots && shown->view->key && emf_view_is_all_together(shown->view, row->key);
	memcpy(&v, row->value + column->field.member->offset, sizeof(v));
	return !strcmp(column->field.member->name, "to") && v == UINT64_MAX;
}

static void print_row(const struct module *m, const struct emf_view_shown *shown, const struct emf_view_row *row, uint64_t now_ns, struct emf_line *line)
{
	line->at = 0;
	if (now_ns) {
		emf_clock_add_rfc3339(line, emf_clock_wall(now_ns));
		emf_line_char(line, ',');
	}
	for (size_t i = 0; i < shown->shown.n; i++) {
		const struct emf_column *column = &shown->shown.columns[i];

		if (i)
			emf_line_char(line, ',');
		if (!is_empty(shown, column, row))
			emf_sink_csv_value(line, column, row->value);
	}
	emf_line_char(line, '\n');
	emf_output_write(m, line->text, line->at);
}

static void print_slots(const struct module *m, const struct emf_view_shown *shown, const struct emf_view_row *row, const uint64_t *slots, uint64_t now_ns,
			struct emf_line *line)
{
	const struct emf_scale *scale = &shown->view->scale;

	for (uint32_t i = 0; i < scale->n; i++) {
		const struct emf_view_slot slot = { emf_scale_from(scale, i), emf_scale_to(scale, i), slots[i] };

		memcpy(row->value + emf_view_slot_at(shown->view), &slot, sizeof(slot));
		if (slots[i])
			print_row(m, shown, row, now_ns, line);
	}
}

void emf_view_csv(const struct module *m, const struct emf_view_shown *shown, const struct emf_view_rows *rows, size_t n, uint64_t now_ns)
{
	const struct emf_view *view = shown->view;
	struct emf_line line = { .text = malloc(EMF_VIEW_LINE_BYTES), .size = EMF_VIEW_LINE_BYTES };
	uint64_t slots[EMF_SLOTS_MAX] = { 0 };

	if (!line.text) {
		emf_err(m, "'%s' could not be printed: out of memory", view->name);
		return;
	}
	if (view->slot && emf_view_counts(view, rows, slots)) {
		print_slots(m, shown, &rows->rows[0], slots, now_ns, &line);
	} else if (view->slots && !view->slot) {
		for (size_t r = 0; r < rows->n; r++) {
			emf_view_slots(view, rows->rows[r].value, slots);
			print_slots(m, shown, &rows->rows[r], slots, now_ns, &line);
		}
	} else if (!view->slots) {
		for (size_t r = 0; r < n; r++)
			print_row(m, shown, &rows->rows[r], now_ns, &line);
	}
	if (line.cut)
		emf_err(m, "a row of '%s' is longer than %d bytes as text, and is cut: choose members by --columns", view->name, EMF_VIEW_LINE_BYTES);
	free(line.text);
}
