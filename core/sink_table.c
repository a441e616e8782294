// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * sink_table.c - events as rows of a table, as wide as the terminal.
 */
#include <ctype.h>
#include <stdlib.h>

#include "clock.h"
#include "sink.h"
#include "value.h"

#define STAMP_WIDTH 12	 /* HH:MM:SS.mmm */
#define LEFT_OUT " \u2026" /* stands for columns that the terminal has no room for */
#define LEFT_OUT_WIDTH 2
#define BOLD "\033[1m"	 /* ECMA-48, SGR */
#define RED "\033[31m"
#define NORMAL "\033[0m"

/* Characters; each takes a column of the terminal, but for a few scripts. */
static size_t characters(const char *text, size_t n)
{
	uint64_t first, last, seen = 0;
	size_t all = n;

	/* Most have one byte each, and are looked at eight at once. */
	for (size_t i = 0; i + sizeof(first) <= n; i += sizeof(first)) {
		memcpy(&first, text + i, sizeof(first));
		memcpy(&last, text + n - sizeof(last), sizeof(last));
		seen |= first | last;
	}
	if (n >= sizeof(first) && !(seen & UINT64_C(0x8080808080808080)))
		return n;
	for (size_t i = 0; i < n; i++)
		all -= (text[i] & 0xc0) == 0x80;
	return all;
}

static unsigned int stamp_width(const struct emf_show *show, const struct emf_shown *shown)
{
	return emf_sink_is_stamped(show, shown) ? STAMP_WIDTH + 1 : 0;
}

static unsigned int least(const struct emf_column *column)
{
	unsigned int width = (unsigned int)abs(column->width);

	return column->least && column->least < width ? column->least : width;
}

/* Columns that have room where each is cut to its least; @at: what stands in front of them. */
static size_t how_many(const struct emf_shown *shown, unsigned int at, unsigned int room)
{
	size_t n = 0;

	for (; n < shown->n; n++) {
		at += least(&shown->columns[n]) + (n > 0);
		if (at > room)
			break;
	}
	return n ? n : 1;
}

/* Takes from the last column on, but for those that are not cut. */
static unsigned int shrink(struct emf_shown *shown, bool elastic, unsigned int missing)
{
	for (size_t i = shown->n_fit; missing && i-- > 0;) {
		struct emf_column *column = &shown->columns[i];
		unsigned int spare = column->elastic == elastic ? column->fit - least(column) : 0;

		spare = spare < missing ? spare : missing;
		column->fit -= spare;
		missing -= spare;
	}
	return missing;
}

static void grow(struct emf_shown *shown, unsigned int left)
{
	for (size_t i = shown->n_fit; left && i-- > 0;) {
		struct emf_column *column = &shown->columns[i];
		unsigned int more = column->elastic && column->most > column->fit ? column->most - column->fit : 0;

		more = more < left ? more : left;
		column->fit += more;
		left -= more;
	}
}

/* Texts are cut first, then names; columns that have no room then are left out, from the last one on. */
void emf_sink_fit(const struct emf_show *show, struct emf_shown *shown)
{
	unsigned int room = show->terminal.columns, all = stamp_width(show, shown);

	shown->fitted = room;
	shown->n_fit = room ? how_many(shown, all, room) : shown->n;
	if (shown->n_fit < shown->n && room > LEFT_OUT_WIDTH) {
		room -= LEFT_OUT_WIDTH;
		shown->n_fit = how_many(shown, all, room);
	}
	for (size_t i = 0; i < shown->n_fit; i++) {
		shown->columns[i].fit = (unsigned int)abs(shown->columns[i].width);
		all += shown->columns[i].fit + (i > 0);
	}
	if (room && all > room)
		shrink(shown, false, shrink(shown, true, all - room));
	else if (room)
		grow(shown, room - all);
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

/* Most numbers are short, and copies of a known size are a few instructions. */
static void move_right(struct emf_line *line, size_t begin, size_t n)
{
	static const char blanks[] = "                                ";
	enum { SHORT = 16, FEW = sizeof(blanks) - 1 };

	if (line->at - begin <= SHORT && n <= FEW && line->size - begin >= SHORT + FEW) {
		char moved[SHORT];

		memcpy(moved, line->text + begin, SHORT);
		memcpy(line->text + begin, blanks, FEW);
		memcpy(line->text + begin + n, moved, SHORT);
		line->at += n;
		return;
	}
	if (n > line->size - line->at) {
		line->cut = true;
		return;
	}
	memmove(line->text + begin + n, line->text + begin, line->at - begin);
	memset(line->text + begin, ' ', n);
	line->at += n;
}

/* What was added from @begin on becomes a cell; @left of the terminal, where it is one. */
static size_t end_cell(struct emf_line *line, size_t begin, const struct emf_column *column, bool last, size_t left)
{
	size_t len = line->at - begin, width = column->fit, missing;

	/* A number has no others than those that are a byte. */
	if (column->width < 0 || left < SIZE_MAX)
		len = characters(line->text + begin, len);
	if (left < SIZE_MAX) {
		size_t most = column->least && width < left ? width : left;

		if (len > most)
			cut(line, begin, most);
		len = len < most ? len : most;
		width = width < left ? width : left;
		last = last || (len > width ? len : width) == left;
	}
	missing = width > len ? width - len : 0;
	if (column->width > 0 && missing)
		move_right(line, begin, missing);
	else if (!last)
		emf_line_blanks(line, missing);
	if (!last)
		emf_line_char(line, ' ');
	return left < SIZE_MAX ? left - (len > width ? len : width) - !last : left;
}

static size_t add_heading(struct emf_line *line, const struct emf_column *column, bool last, size_t left)
{
	size_t begin = line->at;

	for (const char *c = column->name; *c; c++)
		emf_line_char(line, (char)toupper((unsigned char)*c));
	return end_cell(line, begin, column, last, left);
}

static size_t room_of(const struct emf_show *show)
{
	return show->terminal.columns ? show->terminal.columns : SIZE_MAX;
}

void emf_sink_table_heading(struct emf_line *line, const struct emf_show *show, const struct emf_shown *shown)
{
	static const struct emf_column stamp = { .name = "time", .width = -STAMP_WIDTH, .fit = STAMP_WIDTH };
	size_t left = room_of(show);

	if (show->terminal.has_colours)
		emf_line_text(line, BOLD);
	if (emf_sink_is_stamped(show, shown))
		left = add_heading(line, &stamp, !shown->n_fit, left);
	for (size_t i = 0; left && i < shown->n_fit; i++)
		left = add_heading(line, &shown->columns[i], i + 1 == shown->n_fit, left);
	if (shown->n_fit < shown->n && left >= LEFT_OUT_WIDTH)
		emf_line_text(line, LEFT_OUT);
	emf_line_text(line, show->terminal.has_colours ? NORMAL "\n" : "\n");
}

static bool is_failure(const struct emf_column *column, const char *data)
{
	struct emf_value_type type = emf_value_type_of(column->field.member);

	return type.type == EMF_ERRNO && emf_value_load(&type, data + column->field.base + column->field.member->offset);
}

static size_t add_cell(struct emf_line *line, const struct emf_show *show, const struct emf_column *column, bool last, size_t left, const char *data)
{
	bool red = show->terminal.has_colours && is_failure(column, data);
	size_t begin;

	if (red)
		emf_line_text(line, RED);
	begin = line->at;
	emf_column_add(line, EMF_FORM_TABLE, column, data);
	left = end_cell(line, begin, column, last, left);
	if (red)
		emf_line_text(line, NORMAL);
	return left;
}

void emf_sink_table(struct emf_line *line, const struct emf_show *show, const struct emf_shown *shown, const void *data)
{
	size_t left = room_of(show);

	if (emf_sink_is_stamped(show, shown)) {
		emf_clock_add_local(line, emf_sink_time(shown, data));
		emf_line_char(line, ' ');
		left = left > STAMP_WIDTH + 1 ? left - (left < SIZE_MAX ? STAMP_WIDTH + 1 : 0) : 0;
	}
	for (size_t i = 0; left && i < shown->n_fit; i++)
		left = add_cell(line, show, &shown->columns[i], i + 1 == shown->n_fit, left, data);
	emf_line_char(line, '\n');
}
