// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * view_print.c - histograms and tables of maps: which rows, in which order; histograms for people.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <emf/output.h>

#include "core.h"
#include "record_print.h"
#include "value.h"
#include "view.h"
#include "view_rows.h"
#include "view_shown.h"

/* --- what a row says */

static uint64_t slot_of(const struct emf_member *slots, const char *value, uint32_t i)
{
	struct emf_value_type type = emf_value_type_of(slots);

	return emf_value_load(&type, value + slots->offset + i * (size_t)slots->size);
}

bool emf_view_is_all_together(const struct emf_view *view, const char *key)
{
	static const unsigned char ones[8] = { 255, 255, 255, 255, 255, 255, 255, 255 };
	const struct emf_record *record = view->key;

	return record && record->n == 1 && record->size <= sizeof(ones) && !memcmp(key, ones, record->size);
}

void emf_view_slots(const struct emf_view *view, const char *value, uint64_t *slots)
{
	for (uint32_t i = 0; i < view->scale.n; i++)
		slots[i] = slot_of(view->slots, value, i);
}

uint64_t emf_view_counts(const struct emf_view *view, const struct emf_view_rows *rows, uint64_t *slots)
{
	struct emf_value_type key = emf_value_type_of(view->slot);
	uint64_t sum = 0;

	for (size_t i = 0; i < rows->n; i++) {
		uint64_t slot = emf_value_load(&key, rows->rows[i].key);

		slots[slot < view->scale.n ? slot : view->scale.n - 1] += slot_of(view->slots, rows->rows[i].value, 0);
		sum += rows->rows[i].weight;
	}
	return sum;
}

static int heavier_first(const void *a, const void *b)
{
	const struct emf_view_row *x = a, *y = b;

	return x->weight < y->weight ? 1 : x->weight > y->weight ? -1 : 0;
}

static int by_key(const void *a, const void *b, void *bytes)
{
	const struct emf_view_row *x = a, *y = b;

	return heavier_first(a, b) ? heavier_first(a, b) : memcmp(x->key, y->key, *(size_t *)bytes);
}

/* Those of a signed type below 0 come last. */
static uint64_t weight_of(const struct emf_member *sort, const char *value)
{
	struct emf_value_type type = emf_value_type_of(sort);
	uint64_t v = emf_value_load(&type, value + sort->offset);

	return emf_value_is_signed(type.type) ? v + (UINT64_C(1) << 63) : v;
}

static void sort(const struct emf_view *view, struct emf_view_rows *rows)
{
	for (size_t r = 0; r < rows->n; r++) {
		struct emf_view_row *row = &rows->rows[r];

		row->weight = view->sort ? weight_of(view->sort, row->value) : 0;
		for (uint32_t i = 0; view->slots && i < view->slots->count; i++)
			row->weight += slot_of(view->slots, row->value, i);
	}
	if (rows->n)
		qsort_r(rows->rows, rows->n, sizeof(*rows->rows), by_key, &rows->key_bytes);
}

/* --- for people */

static bool is_text(const struct emf_member *member)
{
	return (member->type == EMF_COMM || member->type == EMF_STRING) && member->count == 1;
}

/* "pid = 12", but a text as it is. */
static void print_column(const struct emf_column *column, const char *data, bool first, FILE *out)
{
	const struct emf_member *member = column->field.member;
	struct emf_record one = { .n = 1, .members = member };
	char *text = NULL;
	size_t size, name = strlen(member->name) + 1;
	FILE *line = open_memstream(&text, &size);

	if (!line)
		return;
	emf_record_print_line(&one, data + column->field.base, line);
	fclose(line);
	if (!is_text(member))
		fprintf(out, "%s%s = ", first ? "" : ", ", column->name);
	else if (size > name && !first)
		fputc(' ', out);
	fputs(size > name ? text + name : "", out);
	free(text);
}

/* A key is there, or it is of all together, and then there is nothing to say of them. */
static bool has_heading(const struct emf_view_shown *shown, const struct emf_view_row *row)
{
	return row && (shown->view->key ? !emf_view_is_all_together(shown->view, row->key) : shown->view->value != NULL);
}

/* @row may be NULL, of counts under slots. */
static void print_heading(const struct module *m, const struct emf_view_shown *shown, const struct emf_view_row *row, const char *title)
{
	char *text = NULL;
	size_t size, n = 0;
	FILE *out;

	if (row && shown->view->key && emf_view_is_all_together(shown->view, row->key))
		return; /* those of some have a heading */
	out = open_memstream(&text, &size);
	if (!out)
		return;
	for (size_t i = 0; has_heading(shown, row) && i < shown->shown.n; i++) {
		const struct emf_column *column = &shown->shown.columns[i];

		if (emf_view_part(shown, column) == EMF_VIEW_SLOT)
			continue;
		if (!n && title)
			fprintf(out, "%s: ", title);
		print_column(column, row->value, !n++, out);
	}
	if (!n && title)
		fputs(title, out);
	fclose(out);
	if (size)
		emf_print(m, "\n%s\n", text);
	free(text);
}

static void print_slots(const struct module *m, const struct emf_view_shown *shown, const struct emf_view_row *row, const uint64_t *slots,
			const struct emf_view_style *style)
{
	const struct emf_view *view = shown->view;
	__u64 counts[EMF_SLOTS_MAX];

	if (m->unit->emf->json) {
		emf_view_json(m, shown, row, slots, style->now_ns);
		return;
	}
	for (uint32_t i = 0; i < view->scale.n; i++)
		counts[i] = slots[i];
	print_heading(m, shown, row, style->title);
	emf_print_hist(m, view->unit, &view->scale, counts);
}

/* --- all of it */

static void print_hists(const struct module *m, const struct emf_view_shown *shown, const struct emf_view_rows *rows, const struct emf_view_style *style)
{
	const struct emf_view *view = shown->view;
	uint64_t slots[EMF_SLOTS_MAX] = { 0 };

	if (view->slot) {
		if (emf_view_counts(view, rows, slots))
			print_slots(m, shown, NULL, slots, style);
		return;
	}
	/* Behind the first empty one there are no others. */
	for (size_t r = 0; r < rows->n && rows->rows[r].weight; r++) {
		emf_view_slots(view, rows->rows[r].value, slots);
		print_slots(m, shown, &rows->rows[r], slots, style);
	}
}

/* Rows that no filter wants go. */
static void choose(struct emf_shown *shown, struct emf_view_rows *rows)
{
	size_t n = 0;

	for (size_t r = 0; r < rows->n; r++) {
		if (emf_shown_matches(shown, rows->rows[r].value))
			rows->rows[n++] = rows->rows[r];
		else
			free(rows->rows[r].value);
	}
	rows->n = n;
}

void emf_view_print(const struct module *m, struct emf_view_shown *shown, struct emf_view_rows *rows, const struct emf_view_style *style)
{
	const struct emf *emf = m->unit->emf;
	size_t n;

	choose(&shown->shown, rows);
	sort(shown->view, rows);
	n = style->top && style->top < rows->n ? style->top : rows->n;
	if (emf->show.form == EMF_FORM_CSV) {
		emf_view_csv(m, shown, rows, n, style->now_ns);
	} else if (shown->view->slots) {
		print_hists(m, shown, rows, style);
	} else if (emf->json) {
		for (size_t r = 0; r < n; r++)
			emf_view_json(m, shown, &rows->rows[r], NULL, style->now_ns);
	} else if (n) {
		if (style->title)
			emf_print(m, "\n%s\n", style->title);
		emf_view_table(m, shown, rows, n);
	}
}
