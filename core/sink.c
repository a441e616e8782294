// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * sink.c - events as lines for programs: JSON, CSV, words.
 */
#include "sink.h"

#include <emf/loop.h>
#include <emf/module.h>

#include "clock.h"
#include "value.h"

uint64_t emf_sink_time(const struct emf_shown *shown, const void *data)
{
	const struct emf_value_type type = { .type = EMF_NS };

	for (size_t i = 0; i < shown->record->n; i++) {
		const struct emf_member *m = &shown->record->members[i];

		if (m->type == EMF_NS && !emf_field_is_array(m))
			return emf_value_load(&type, (const char *)data + m->offset);
	}
	return emf_clock_now();
}

bool emf_sink_is_stamped(const struct emf_show *show, const struct emf_shown *shown)
{
	return show->stamps && !(shown->n && shown->columns[0].field.member->type == EMF_NS);
}

void emf_sink_words(struct emf_line *line, const struct emf_show *show, const struct emf_shown *shown, const struct module *m, const void *data)
{
	if (show->stamps) {
		emf_clock_add_local(line, emf_sink_time(shown, data));
		emf_line_char(line, ' ');
	}
	if (show->is_mixed) {
		emf_line_text(line, m->name);
		emf_line_char(line, ' ');
	}
	emf_line_text(line, shown->record->name);
	/* The first one can be the time that was printed. */
	for (size_t i = show->stamps && !emf_sink_is_stamped(show, shown); i < shown->n; i++) {
		emf_line_char(line, ' ');
		emf_line_text(line, shown->columns[i].name);
		emf_line_char(line, '=');
		emf_column_add(line, EMF_FORM_TABLE, &shown->columns[i], data);
	}
	emf_line_char(line, '\n');
}

/* Most names are short, and copies of a known size are a few instructions; what is behind the name is written over. */
static void add_key(struct emf_line *line, const struct emf_column *column, bool is_first)
{
	enum { SHORT = 32 };
	char *at = line->text + line->at, *begin = at;

	if (column->name_len > SHORT || line->size - line->at < SHORT + sizeof(",\"\":")) {
		emf_line_text(line, is_first ? "\"" : ",\"");
		emf_line_text(line, column->name);
		emf_line_text(line, "\":");
		return;
	}
	if (!is_first)
		*at++ = ',';
	*at++ = '"';
	memcpy(at, column->name, SHORT);
	at += column->name_len;
	*at++ = '"';
	*at++ = ':';
	line->at += (size_t)(at - begin);
}

void emf_sink_json(struct emf_line *line, const struct emf_show *show, const struct emf_shown *shown, const struct module *m, const void *data)
{
	emf_line_text(line, "{\"module\":\"");
	emf_line_text(line, m->name);
	emf_line_text(line, "\",\"event\":\"");
	emf_line_text(line, shown->record->name);
	if (show->stamps) {
		emf_line_text(line, "\",\"time\":\"");
		emf_clock_add_rfc3339(line, emf_clock_wall(emf_sink_time(shown, data)));
	}
	emf_line_text(line, "\",\"args\":{");
	for (size_t i = 0; i < shown->n; i++) {
		add_key(line, &shown->columns[i], i == 0);
		emf_column_add(line, EMF_FORM_JSON, &shown->columns[i], data);
	}
	emf_line_text(line, "}}\n");
}

void emf_sink_csv_heading(struct emf_line *line, const struct emf_show *show, const struct emf_shown *shown)
{
	if (emf_sink_is_stamped(show, shown))
		emf_line_text(line, "time,");
	for (size_t i = 0; i < shown->n; i++) {
		if (i)
			emf_line_char(line, ',');
		emf_line_text(line, shown->columns[i].name);
	}
	emf_line_text(line, "\n");
}

/* What is more than a value is JSON in quotes. */
static void add_csv_struct(struct emf_line *line, const struct emf_column *column, const void *data)
{
	size_t begin = line->at, len, quotes = 0;

	emf_line_char(line, '"');
	emf_column_add(line, EMF_FORM_JSON, column, data);
	len = line->at - begin - 1;
	for (size_t i = 0; i < len; i++)
		quotes += line->text[begin + 1 + i] == '"';
	/* Room for those that are doubled, then from the end. */
	if (quotes > line->size - line->at) {
		line->cut = true;
		return;
	}
	for (size_t from = line->at, to = line->at + quotes; to > from;) {
		line->text[--to] = line->text[--from];
		if (line->text[from] == '"')
			line->text[--to] = '"';
	}
	line->at += quotes;
	emf_line_char(line, '"');
}

void emf_sink_csv_value(struct emf_line *line, const struct emf_column *column, const void *data)
{
	const struct emf_member *m = column->field.member;
	size_t len;
	bool is_text = emf_field_text(&column->field, data, &len);

	if (emf_field_is_array(m) || m->type == EMF_STRUCT) {
		add_csv_struct(line, column, data);
		return;
	}
	/* A text has quotes always, so that a spreadsheet makes no number of it. */
	if (is_text)
		emf_line_char(line, '"');
	emf_column_add(line, EMF_FORM_CSV, column, data);
	if (is_text)
		emf_line_char(line, '"');
}

void emf_sink_csv(struct emf_line *line, const struct emf_show *show, const struct emf_shown *shown, const void *data)
{
	if (emf_sink_is_stamped(show, shown)) {
		emf_clock_add_rfc3339(line, emf_clock_wall(emf_sink_time(shown, data)));
		emf_line_char(line, ',');
	}
	for (size_t i = 0; i < shown->n; i++) {
		if (i)
			emf_line_char(line, ',');
		emf_sink_csv_value(line, &shown->columns[i], data);
	}
	emf_line_char(line, '\n');
}
