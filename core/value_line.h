/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * value_line.h - values of each type into a line of output.
 */
#ifndef EMF_CORE_VALUE_LINE_H
#define EMF_CORE_VALUE_LINE_H

#include "field.h"
#include "value.h"

/**
 * emf_value_add() - one value
 * @line: receives it
 * @form: for people as by emf_value_format(); in JSON and CSV times of day are RFC 3339, durations
 *	nanoseconds, users numbers, containers their whole id
 * @type: of it; no struct
 * @value: of any alignment
 */
void emf_value_add(struct emf_line *line, enum emf_form form, const struct emf_value_type *type, const void *value);

/* A text, in the quotes of its form. */
void emf_text_add(struct emf_line *line, enum emf_form form, const void *text, size_t n);

#endif
