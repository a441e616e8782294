// SPDX-License-Identifier: BSD-2-Clause
/*
 * sink_table.c - events as rows of a table, as wide as the terminal.
 */
#include <ctype.h>
#include <stdlib.h>

#include "clock.h"
#include "sink.h"
#include "value.h"

#define STAMP_WIDTH 12	 /* HH:MM:SS.mmm */
#define ELASTIC_MIN 8	 /* what a column is cut to at least */
#define BOLD "\033[1m"	 /* ECMA-48, SGR */
#define RED "\033[31m"
#define NORMAL "\033[0m"

/* Characters; each takes a column of the terminal, but for a few scripts. */
static size_t characters(const char *text, size_t n)
{
	size_t all = 0;

	for (size_t i = 0; i < n; i++)
		all += (text[i] & 0xc0) != 0x80;
	return all;
}

static unsigned int least(const struct emf_column *column)
{
	unsigned int heading = (unsigned int)strlen(column->name);

	return heading > ELASTIC_MIN ? heading : ELASTIC_MIN;
}

/* Columns that may be cut are, from the last one on; what is left over they get in the same order. */
void emf_sink_fit(const struct emf_show *show, struct emf_shown *shown)
{
	unsigned int room = show->terminal.columns, all = show->stamps ? STAMP_WIDTH + 1 : 0;

	for (size_t i = 0; i < shown->n; i++) {
		shown->columns[i].fit = (unsigned int)abs(shown->columns[i].width);
		all += shown->columns[i].fit + (i + 1 < shown->n);
	}
	shown->fitted = room;
	for (size_t i = shown->n; room && i-- > 0;) {
		struct emf_column *column = &shown->columns[i];
		unsigned int before = column->fit, wanted;

		if (!column->elastic)
			continue;
		if (all > room)
			wanted = column->fit > all - room + least(column) ? column->fit - (all - room) : least(column);
		else
			wanted = column->fit + room - all < column->most ? column->fit + room - all : column->most;
		if (all > room ? wanted < before : wanted > before)
			column->fit = wanted;
		all = all - before + column->fit;
	}
}

static void set_width(struct emf_column *column, size_t width)
{
	column->width = column->width < 0 ? -(int)width : (int)width;
	column->most = (unsigned int)width;
}

void emf_sink_narrow(struct emf_column *column)
{
	set_width(column, strlen(column->name));
}

void emf_sink_widen(struct emf_line *line, struct emf_column *column, const void *data)
{
	size_t begin = line->at, width;

	emf_field_add(line, EMF_FORM_TABLE, column->field.member, (const char *)data + column->field.base);
	width = characters(line->text + begin, line->at - begin);
	line->at = begin;
	if (width > column->most)
		set_width(column, width);
}

/* Cuts what was added from @begin on to a number of characters, the last of which says so. */
static void cut(struct emf_line *line, size_t begin, size_t width)
{
	size_t at = begin, n = 0;

	while (at < line->at && n < width - 1) {
		at++;
		while (at < line->at && (line->text[at] & 0xc0) == 0x80)
			at++;
		n++;
	}
	line->at = at;
	emf_line_text(line, "\u2026");
}

static void move_right(struct emf_line *line, size_t begin, size_t n)
{
	if (n > line->size - line->at) {
		line->cut = true;
		return;
	}
	memmove(line->text + begin + n, line->text + begin, line->at - begin);
	memset(line->text + begin, ' ', n);
	line->at += n;
}

/* What was added from @begin on becomes a cell. */
static void pad(struct emf_line *line, size_t begin, const struct emf_column *column, bool last)
{
	size_t len = line->at - begin, width = column->fit, missing;

	/* A number has no others than those that are a byte. */
	if (column->width < 0)
		len = characters(line->text + begin, len);
	missing = width > len ? width - len : 0;
	if (column->width > 0 && missing)
		move_right(line, begin, missing);
	else if (!last)
		emf_line_blanks(line, missing);
	if (!last)
		emf_line_char(line, ' ');
}

static void add_heading(struct emf_line *line, const struct emf_column *column, bool last)
{
	size_t begin = line->at;

	for (const char *c = column->name; *c; c++)
		emf_line_char(line, (char)toupper((unsigned char)*c));
	pad(line, begin, column, last);
}

void emf_sink_table_heading(struct emf_line *line, const struct emf_show *show, const struct emf_shown *shown)
{
	static const struct emf_column stamp = { .name = "time", .width = -STAMP_WIDTH, .fit = STAMP_WIDTH };

	if (show->terminal.has_colours)
		emf_line_text(line, BOLD);
	if (show->stamps)
		add_heading(line, &stamp, !shown->n);
	for (size_t i = 0; i < shown->n; i++)
		add_heading(line, &shown->columns[i], i + 1 == shown->n);
	emf_line_text(line, show->terminal.has_colours ? NORMAL "\n" : "\n");
}

static bool is_failure(const struct emf_column *column, const char *data)
{
	struct emf_value_type type = emf_value_type_of(column->field.member);

	return type.type == EMF_ERRNO && emf_value_load(&type, data + column->field.base + column->field.member->offset);
}

static void add_cell(struct emf_line *line, const struct emf_show *show, const struct emf_column *column, bool last, const char *data)
{
	bool red = show->terminal.has_colours && is_failure(column, data);
	size_t begin;

	if (red)
		emf_line_text(line, RED);
	begin = line->at;
	emf_field_add(line, EMF_FORM_TABLE, column->field.member, data + column->field.base);
	if (show->terminal.columns && column->elastic && characters(line->text + begin, line->at - begin) > column->fit)
		cut(line, begin, column->fit);
	pad(line, begin, column, last);
	if (red)
		emf_line_text(line, NORMAL);
}

void emf_sink_table(struct emf_line *line, const struct emf_show *show, const struct emf_shown *shown, const void *data)
{
	if (show->stamps) {
		emf_clock_add_local(line, emf_sink_time(shown, data));
		emf_line_char(line, ' ');
	}
	for (size_t i = 0; i < shown->n; i++)
		add_cell(line, show, &shown->columns[i], i + 1 == shown->n, data);
	emf_line_char(line, '\n');
}
