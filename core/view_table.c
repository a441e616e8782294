// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * view_table.c - tables of maps for people: columns as wide as their widest value, where the terminal has room.
 */
#include <stdlib.h>

#include "core.h"
#include "output.h"
#include "sink.h"
#include "view.h"
#include "view_rows.h"
#include "view_shown.h"

static void widen(struct emf_shown *shown, const struct emf_view_rows *rows, size_t n, struct emf_line *line)
{
	for (size_t i = 0; i < shown->n; i++) {
		emf_sink_narrow(&shown->columns[i]);
		for (size_t r = 0; r < n; r++)
			emf_sink_widen(line, &shown->columns[i], rows->rows[r].value);
	}
}

static void write_line(const struct module *m, struct emf_line *line)
{
	emf_output_write(m, line->text, line->at);
	line->at = 0;
}

void emf_view_table(const struct module *m, struct emf_view_shown *shown, const struct emf_view_rows *rows, size_t n)
{
	struct emf_line line = { .text = malloc(EMF_VIEW_LINE_BYTES), .size = EMF_VIEW_LINE_BYTES };
	struct emf_show show = m->unit->emf->show;

	if (!line.text) {
		emf_err(m, "the table '%s' could not be printed: out of memory", shown->view->name);
		return;
	}
	/* The time is above all of it. */
	show.stamps = false;
	widen(&shown->shown, rows, n, &line);
	emf_sink_fit(&show, &shown->shown);
	emf_sink_table_heading(&line, &show, &shown->shown);
	write_line(m, &line);
	for (size_t r = 0; r < n; r++) {
		emf_sink_table(&line, &show, &shown->shown, rows->rows[r].value);
		write_line(m, &line);
	}
	if (line.cut)
		emf_err(m, "a row of '%s' is longer than %d bytes as text, and is cut: choose members by --columns", shown->view->name,
			EMF_VIEW_LINE_BYTES);
	free(line.text);
}
