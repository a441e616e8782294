/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sink.h - forms that events are printed in.
 */
#ifndef EMF_CORE_SINK_H
#define EMF_CORE_SINK_H

#include "show.h"

struct module;

/* Divides the terminal among the columns; again when it has another size. */
void emf_sink_fit(const struct emf_show *show, struct emf_shown *shown);

/* Of rows that are all there: a column begins as wide as its name, and becomes as wide as the value of a row; @line is as it was after it. */
void emf_sink_narrow(struct emf_column *column);
void emf_sink_widen(struct emf_line *line, struct emf_column *column, const void *data);

/* Each appends to a line, with its end; @heading of the columns, which JSON has none of. */
void emf_sink_table_heading(struct emf_line *line, const struct emf_show *show, const struct emf_shown *shown);
void emf_sink_table(struct emf_line *line, const struct emf_show *show, const struct emf_shown *shown, const void *data);
/* "event a=1 b=2": of a module that prints several types. */
void emf_sink_words(struct emf_line *line, const struct emf_show *show, const struct emf_shown *shown, const void *data);
void emf_sink_json(struct emf_line *line, const struct emf_show *show, const struct emf_shown *shown, const struct module *m, const void *data);
void emf_sink_csv_heading(struct emf_line *line, const struct emf_show *show, const struct emf_shown *shown);
/* One value of it, without the comma. */
void emf_sink_csv_value(struct emf_line *line, const struct emf_column *column, const void *data);
void emf_sink_csv(struct emf_line *line, const struct emf_show *show, const struct emf_shown *shown, const void *data);

/* When an event was: its first time stamp, or now. Monotonic. */
uint64_t emf_sink_time(const struct emf_shown *shown, const void *data);

#endif
