/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * table.h - rows of text in columns as wide as their widest cell.
 */
#ifndef EMF_CORE_TABLE_H
#define EMF_CORE_TABLE_H

#include <stddef.h>
#include <stdio.h>

#define EMF_TABLE_COLUMNS 12

struct emf_table {
	size_t columns;
	char **cells; /* columns * rows */
	size_t n, room;
	int error; /* -ENOMEM, once it happened */
};

void emf_table_init(struct emf_table *table, size_t columns);

/* One cell, from left to right and top to bottom. */
void emf_table_cell(struct emf_table *table, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Cells of plain text, ended by NULL. */
void emf_table_row(struct emf_table *table, ...);

/* Prints and frees; on a terminal words of the last column go on in the next line. 0 or -ENOMEM. */
int emf_table_print(struct emf_table *table, FILE *out);

#endif
