/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * record_print.h - records for people at a terminal.
 */
#ifndef EMF_CORE_RECORD_PRINT_H
#define EMF_CORE_RECORD_PRINT_H

#include <emf/type.h>
#include <stdio.h>

/**
 * emf_record_print() - a record, a line for each member
 * @record: its description; NULL for no members
 * @data: checked
 * @out: to print to
 *
 * "name value"; an array of structs is a table, and a text of many lines stands as it
 * is. One that is alone in the record has no name above it.
 */
void emf_record_print(const struct emf_record *record, const void *data, FILE *out);

/* The same in one line: "a=1 b=[1,2] c={d=3}". */
void emf_record_print_line(const struct emf_record *record, const void *data, FILE *out);

/* A text of many lines, without what else drives a terminal, ended by a line end. */
void emf_text_print(const char *text, size_t len, FILE *out);

#endif
