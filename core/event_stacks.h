/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * event_stacks.h - stacks that come in a record, printed behind it.
 */
#ifndef EMF_CORE_EVENT_STACKS_H
#define EMF_CORE_EVENT_STACKS_H

#include <emf/event.h>

#include "line.h"

/* Of what is printed of a module as @record; or NULL. */
const struct emf_event_stacks *emf_event_stacks_of(const struct module *m, const struct emf_record *record);

/* A line for each function, the innermost first: those of the kernel, then of the process. */
void emf_event_stacks_text(struct emf_line *line, const struct emf_event_stacks *stacks, const void *data);

/* Into the line of JSON that an event has: two lists, the outermost first. */
void emf_event_stacks_json(struct emf_line *line, const struct emf_event_stacks *stacks, const void *data);

#endif
