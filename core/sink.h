/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * sink.h - forms that events are printed in.
 */
#ifndef EMF_CORE_SINK_H
#define EMF_CORE_SINK_H

#include "show.h"
#include "value_line.h"

struct module;

/* Divides the terminal among the columns; again when it has another size. */
void emf_sink_fit(const struct emf_show *show, struct emf_shown *shown);

/* Of rows that are all there: a column begins as wide as its name, and becomes as wide as the value of a row; @line is as it was after it. */
void emf_sink_narrow(struct emf_column *column);
void emf_sink_widen(struct emf_line *line, struct emf_column *column, const void *data);

/* A value of it. Most are one number, which needs no walk of its type. */
static inline void emf_column_add(struct emf_line *line, enum emf_form form, const struct emf_column *column, const void *data)
{
	const char *record = (const char *)data + column->field.base;

	if (column->is_scalar)
		emf_value_add(line, form, &column->type, record + column->field.member->offset);
	else
		emf_field_add(line, form, column->field.member, record);
}

/* Each appends to a line, with its end; @heading of the columns, which JSON has none of. */
void emf_sink_table_heading(struct emf_line *line, const struct emf_show *show, const struct emf_shown *shown);
void emf_sink_table(struct emf_line *line, const struct emf_show *show, const struct emf_shown *shown, const void *data);
/* "event a=1 b=2": of a module that prints several types; of several modules the name of @m in front. */
void emf_sink_words(struct emf_line *line, const struct emf_show *show, const struct emf_shown *shown, const struct module *m, const void *data);
void emf_sink_json(struct emf_line *line, const struct emf_show *show, const struct emf_shown *shown, const struct module *m, const void *data);
void emf_sink_csv_heading(struct emf_line *line, const struct emf_show *show, const struct emf_shown *shown);
/* One value of it, without the comma. */
void emf_sink_csv_value(struct emf_line *line, const struct emf_column *column, const void *data);
void emf_sink_csv(struct emf_line *line, const struct emf_show *show, const struct emf_shown *shown, const void *data);

/* Whether a time of day stands in front of its lines: asked for, and not what they begin with. */
bool emf_sink_is_stamped(const struct emf_show *show, const struct emf_shown *shown);

/* When an event was: its first time stamp, or now. Monotonic. */
uint64_t emf_sink_time(const struct emf_shown *shown, const void *data);

#endif
