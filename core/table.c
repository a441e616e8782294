// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * table.c - text tables.
 */
#include "table.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "terminal.h"
#include "text.h"

#define WRAP_MIN 20 /* characters that the last column has at least: where there are fewer, the terminal breaks its lines */

void emf_table_init(struct emf_table *table, size_t columns)
{
	assert(columns > 0 && columns <= EMF_TABLE_COLUMNS);
	*table = (struct emf_table){ .columns = columns };
}

void emf_table_cell(struct emf_table *table, const char *fmt, ...)
{
	va_list args;
	char *text;
	int n;

	if (table->n == table->room) {
		size_t room = table->room ? 2 * table->room : 64;
		char **cells = realloc(table->cells, room * sizeof(*cells));

		if (!cells) {
			table->error = -ENOMEM;
			return;
		}
		table->cells = cells;
		table->room = room;
	}
	va_start(args, fmt);
	n = vasprintf(&text, fmt, args);
	va_end(args);
	if (n < 0) {
		table->error = -ENOMEM;
		return;
	}
	table->cells[table->n++] = text;
}

void emf_table_row(struct emf_table *table, ...)
{
	const char *cell;
	va_list args;

	va_start(args, table);
	while ((cell = va_arg(args, const char *)))
		emf_table_cell(table, "%s", cell);
	va_end(args);
}

/* In columns: what is no character is shown as some sign. */
static size_t width_of(const char *text)
{
	size_t width = 0;

	for (size_t left = strlen(text), n; left; text += n, left -= n, width++) {
		n = emf_text_character(text, left);
		n = n ? n : 1;
	}
	return width;
}

/* The last cell of a row, in lines that begin below its first one, broken between words. */
static void print_wrapped(FILE *out, const char *text, size_t indent, size_t width)
{
	size_t at = 0;

	while (*text) {
		size_t bytes = strcspn(text, " "), n = 0;
		char word[4096];

		if (bytes < sizeof(word)) {
			memcpy(word, text, bytes);
			word[bytes] = '\0';
			n = width_of(word);
		}
		if (at && at + 1 + n > width) {
			fprintf(out, "\n%*s", (int)indent, "");
			at = 0;
		}
		fprintf(out, "%s%.*s", at ? " " : "", (int)bytes, text);
		at += n + (at ? 1 : 0);
		text += bytes;
		text += *text == ' ';
	}
	fputc('\n', out);
}

int emf_table_print(struct emf_table *table, FILE *out)
{
	size_t widths[EMF_TABLE_COLUMNS] = { 0 }, indent = 0, width = emf_terminal_columns(fileno(out));

	for (size_t i = 0; i < table->n; i++) {
		size_t len = width_of(table->cells[i]);

		if (len > widths[i % table->columns])
			widths[i % table->columns] = len;
	}
	for (size_t i = 0; i + 1 < table->columns; i++)
		indent += widths[i] + 2;
	width = width >= indent + WRAP_MIN ? width - indent : 0;
	for (size_t i = 0; i < table->n; i++) {
		size_t column = i % table->columns;
		bool last = column + 1 == table->columns || i + 1 == table->n;

		/* No blanks behind the last column. */
		if (!table->error && width && column + 1 == table->columns)
			print_wrapped(out, table->cells[i], indent, width);
		else if (!table->error)
			fprintf(out, "%s%*s%s", table->cells[i], last ? 0 : (int)(widths[column] - width_of(table->cells[i])), "",
				last ? "\n" : "  ");
		free(table->cells[i]);
	}
	free(table->cells);
	table->cells = NULL;
	table->n = table->room = 0;
	return table->error;
}
