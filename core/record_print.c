// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * record_print.c - records for people.
 */
#include "record_print.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <emf/output.h>

#include "argv.h"
#include "table.h"
#include "text.h"
#include "value.h"

void emf_text_print(const char *text, size_t len, FILE *out)
{
	bool ended = !len || text[len - 1] == '\n';

	while (len) {
		size_t n = *text == '\n' || *text == '\t' ? 1 : emf_text_character(text, len), step = n ? n : 1;

		if (n)
			fwrite(text, n, 1, out);
		else
			fprintf(out, "\\x%02x", (unsigned char)*text);
		text += step;
		len -= step;
	}
	if (!ended)
		fputc('\n', out);
}

static uint32_t used(const struct emf_member *m, const char *data)
{
	uint32_t n = m->count;

	if (m->bounded)
		memcpy(&n, data + m->len_offset, sizeof(n));
	return n;
}

static bool is_array(const struct emf_member *m)
{
	return m->count > 1 || m->bounded;
}

static size_t length_of(const struct emf_member *m, const char *data)
{
	return m->bounded ? used(m, data) : strnlen(data + m->offset, m->count);
}

/* Several words, or none, are in quotes on a line. */
static void print_characters(const char *text, size_t len, FILE *out)
{
	char one[8];

	for (size_t n; len; text += n, len -= n) {
		n = emf_text_character(text, len);
		n = n ? n : 1;
		fputs(emf_text(one, sizeof(one), text, n), out);
	}
}

static void print_element(const struct emf_member *m, const char *at, FILE *out)
{
	struct emf_value_type type = emf_value_type_of(m);
	char text[EMF_VALUE_TEXT_MAX];

	if (m->type == EMF_STRUCT) {
		fputc('{', out);
		emf_record_print_line(m->record, at, out);
		fputc('}', out);
	} else if (m->type == EMF_STRING) {
		print_characters(at, strnlen(at, m->size), out);
	} else {
		fputs(emf_value_format(&type, at, text), out);
	}
}

/* A byte takes 4 at most, an argument quotes and a blank; for lack of memory there are none. */
static void print_argv(const char *args, size_t n, FILE *out)
{
	struct emf_line line = { .size = 7 * n + sizeof(" ...") };

	line.text = malloc(line.size);
	if (!line.text)
		return;
	emf_argv_add(&line, EMF_FORM_TABLE, args, n);
	fwrite(line.text, 1, line.at, out);
	free(line.text);
}

static void print_value(const struct emf_member *m, const char *data, FILE *out)
{
	if (!is_array(m)) {
		print_element(m, data + m->offset, out);
		return;
	}
	if (m->type == EMF_CHAR) {
		print_characters(data + m->offset, length_of(m, data), out);
		return;
	}
	if (m->type == EMF_ARGV) {
		print_argv(data + m->offset, used(m, data), out);
		return;
	}
	fputc('[', out);
	for (uint32_t i = 0; i < used(m, data); i++) {
		if (i)
			fputc(',', out);
		print_element(m, data + m->offset + (size_t)i * m->size, out);
	}
	fputc(']', out);
}

void emf_record_print_line(const struct emf_record *record, const void *data, FILE *out)
{
	for (size_t i = 0; record && i < record->n; i++) {
		fprintf(out, "%s%s=", i ? " " : "", record->members[i].name);
		print_value(&record->members[i], data, out);
	}
}

/* A cell of a table; one that cannot be made for lack of memory is empty. */
static void add_cell(struct emf_table *table, const struct emf_member *m, const char *data)
{
	char *text = NULL, rounded[EMF_VALUE_TEXT_MAX];
	uint64_t ns;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (out) {
		if (m->type == EMF_DURATION && !is_array(m)) {
			memcpy(&ns, data + m->offset, sizeof(ns));
			fputs(emf_value_format_rounded(ns, rounded), out);
		} else {
			print_value(m, data, out);
		}
		fclose(out);
	}
	emf_table_cell(table, "%s", text ? text : "");
	free(text);
}

static void print_table(const struct emf_member *m, const char *data, FILE *out)
{
	const struct emf_record *row = m->record;
	struct emf_table table;

	emf_table_init(&table, row->n);
	for (size_t i = 0; i < row->n; i++) {
		char name[64] = "";

		for (size_t c = 0; c < sizeof(name) - 1 && row->members[i].name[c]; c++)
			name[c] = (char)toupper((unsigned char)row->members[i].name[c]);
		emf_table_cell(&table, "%s", name);
	}
	for (uint32_t r = 0; r < used(m, data); r++)
		for (size_t i = 0; i < row->n; i++)
			add_cell(&table, &row->members[i], data + m->offset + (size_t)r * m->size);
	emf_table_print(&table, out);
}

/* What takes more than a line. */
static bool is_large(const struct emf_member *m, const char *data)
{
	if (m->type == EMF_STRUCT && is_array(m))
		return m->record->n && m->record->n <= EMF_TABLE_COLUMNS;
	return m->type == EMF_CHAR && is_array(m) && memchr(data + m->offset, '\n', length_of(m, data));
}

static void print_large(const struct emf_member *m, const char *data, FILE *out)
{
	if (m->type == EMF_STRUCT)
		print_table(m, data, out);
	else
		emf_text_print(data + m->offset, length_of(m, data), out);
}

static void add_lines(struct emf_table *table, const struct emf_record *record, const char *data, const char *prefix)
{
	for (size_t i = 0; i < record->n; i++) {
		const struct emf_member *m = &record->members[i];
		char name[256];

		snprintf(name, sizeof(name), "%s%s", prefix, m->name);
		if (m->type == EMF_STRUCT && !is_array(m)) {
			strncat(name, ".", sizeof(name) - strlen(name) - 1);
			add_lines(table, m->record, data + m->offset, name);
		} else if (!is_large(m, data)) {
			emf_table_cell(table, "%s", name);
			add_cell(table, m, data);
		}
	}
}

void emf_record_print(const struct emf_record *record, const void *data, FILE *out)
{
	struct emf_table table;

	emf_table_init(&table, 2);
	if (record)
		add_lines(&table, record, data, "");
	emf_table_print(&table, out);
	for (size_t i = 0; record && i < record->n; i++) {
		if (!is_large(&record->members[i], data))
			continue;
		if (record->n > 1)
			fprintf(out, "%s:\n", record->members[i].name);
		print_large(&record->members[i], data, out);
	}
}
