// SPDX-License-Identifier: BSD-2-Clause
/*
 * view_print.c - histograms and tables of maps, for people and as lines of JSON.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <emf/output.h>

#include "core.h"
#include "hist.h"
#include "record_json.h"
#include "record_print.h"
#include "table.h"
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
static void print_member(const struct emf_member *member, const char *data, bool first, FILE *out)
{
	struct emf_record one = { .n = 1, .members = member };
	char *text = NULL;
	size_t size, name = strlen(member->name) + 1;
	FILE *line = open_memstream(&text, &size);

	if (!line)
		return;
	emf_record_print_line(&one, data, line);
	fclose(line);
	if (!is_text(member))
		fprintf(out, "%s%s = ", first ? "" : ", ", member->name);
	else if (size > name && !first)
		fputc(' ', out);
	fputs(size > name ? text + name : "", out);
	free(text);
}

static void print_members(const struct emf_record *record, const char *data, bool first, FILE *out)
{
	for (size_t i = 0; record && i < record->n; i++)
		print_member(&record->members[i], data, first && !i, out);
}

static void print_heading(const struct module *m, const struct emf_view *view, const struct emf_view_row *row, const char *title)
{
	bool is_keyed = view->key && !emf_view_is_all_together(view, row->key), has_value = view->value && (is_keyed || !view->key);
	char *text = NULL;
	size_t size;
	FILE *out = is_keyed || has_value || title ? open_memstream(&text, &size) : NULL;

	if (!out)
		return;
	if (title)
		fprintf(out, "%s%s", title, is_keyed || has_value ? ": " : "");
	if (is_keyed)
		print_members(view->key, row->key, true, out);
	if (has_value)
		print_members(view->value, row->value, !is_keyed, out);
	fclose(out);
	emf_print(m, "\n%s\n", text);
	free(text);
}

static const char *heading_of(const struct emf_member *member, char name[64])
{
	size_t i = 0;

	for (; member->name[i] && i < 63; i++)
		name[i] = member->name[i] >= 'a' && member->name[i] <= 'z' ? (char)(member->name[i] - 'a' + 'A') : member->name[i];
	name[i] = '\0';
	return name;
}

static void add_cells(struct emf_table *table, const struct emf_record *record, const char *data)
{
	for (size_t i = 0; i < record->n; i++) {
		struct emf_record one = { .n = 1, .members = &record->members[i] };
		size_t size = 0, name = strlen(record->members[i].name) + 1;
		char *text = NULL;
		FILE *out = open_memstream(&text, &size);

		if (out) {
			emf_record_print_line(&one, data, out);
			fclose(out);
		}
		emf_table_cell(table, "%s", size >= name ? text + name : "");
		free(text);
	}
}

static void print_table(const struct module *m, const struct emf_view *view, const struct emf_view_rows *rows, const struct emf_view_style *style)
{
	struct emf_table table;
	char *text = NULL, name[64];
	size_t size, n = style->top && style->top < rows->n ? style->top : rows->n;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return;
	emf_table_init(&table, view->key->n + view->value->n);
	for (size_t i = 0; i < view->key->n; i++)
		emf_table_cell(&table, "%s", heading_of(&view->key->members[i], name));
	for (size_t i = 0; i < view->value->n; i++)
		emf_table_cell(&table, "%s", heading_of(&view->value->members[i], name));
	for (size_t i = 0; i < n; i++) {
		add_cells(&table, view->key, rows->rows[i].key);
		add_cells(&table, view->value, rows->rows[i].value);
	}
	if (style->title)
		fprintf(out, "\n%s\n", style->title);
	if (emf_table_print(&table, out))
		emf_err(m, "the table '%s' could not be printed: out of memory", view->name);
	fclose(out);
	emf_print(m, "%s", text);
	free(text);
}

/* --- as JSON */

static json_t *buckets_json(const struct emf_scale *scale, const uint64_t *slots)
{
	json_t *all = json_array();

	for (uint32_t i = 0; i < scale->n; i++) {
		uint64_t to = emf_scale_to(scale, i);

		if (slots[i])
			json_array_append_new(all, json_pack("{s:I, s:o, s:I}", "from", (json_int_t)emf_scale_from(scale, i), "to",
							     to == UINT64_MAX ? json_null() : json_integer((json_int_t)to), "count",
							     (json_int_t)slots[i]));
	}
	return all;
}

/* @slots is NULL of a table; @row of counts under slots. */
static void print_json(const struct module *m, const struct emf_view *view, const struct emf_view_row *row, const uint64_t *slots,
		       const struct emf_view_style *style)
{
	json_t *json = json_pack("{s:s, s:s}", "module", m->name, slots ? "histogram" : "table", view->name);
	bool has_key = row && view->key && !emf_view_is_all_together(view, row->key);
	char *text, clock[16];

	if (style->now_ns)
		json_object_set_new(json, "time", json_string(emf_clock(clock, style->now_ns)));
	if (has_key)
		json_object_set_new(json, "key", emf_record_to_json(view->key, row->key));
	if (row && view->value && (has_key || !view->key))
		json_object_set_new(json, "value", emf_record_to_json(view->value, row->value));
	if (slots) {
		json_object_set_new(json, "unit", json_string(view->unit));
		json_object_set_new(json, "buckets", buckets_json(&view->scale, slots));
	}
	text = json ? json_dumps(json, JSON_COMPACT) : NULL;
	if (text)
		emf_print(m, "%s\n", text);
	else
		emf_err(m, "a row of '%s' could not be printed: out of memory", view->name);
	free(text);
	json_decref(json);
}

/* --- both */

static void print_slots(const struct module *m, const struct emf_view *view, const struct emf_view_row *row, const uint64_t *slots,
			const struct emf_view_style *style)
{
	__u64 counts[EMF_SLOTS_MAX];

	if (m->unit->emf->json) {
		print_json(m, view, row, slots, style);
		return;
	}
	for (uint32_t i = 0; i < view->scale.n; i++)
		counts[i] = slots[i];
	if (row)
		print_heading(m, view, row, style->title);
	else if (style->title)
		emf_print(m, "\n%s\n", style->title);
	emf_print_hist(m, view->unit, &view->scale, counts);
}

/* One histogram, of counts whose key is the slot. */
static void print_counts(const struct module *m, const struct emf_view *view, const struct emf_view_rows *rows, const struct emf_view_style *style)
{
	uint64_t slots[EMF_SLOTS_MAX] = { 0 };

	if (emf_view_counts(view, rows, slots))
		print_slots(m, view, NULL, slots, style);
}

static void print_hists(const struct module *m, const struct emf_view *view, const struct emf_view_rows *rows, const struct emf_view_style *style)
{
	uint64_t slots[EMF_SLOTS_MAX];

	/* Behind the first empty one there are no others. */
	for (size_t r = 0; r < rows->n && rows->rows[r].weight; r++) {
		emf_view_slots(view, rows->rows[r].value, slots);
		print_slots(m, view, &rows->rows[r], slots, style);
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
	const struct emf_view *view = shown->view;
	const struct emf_show *show = &m->unit->emf->show;
	size_t n;

	choose(&shown->shown, rows);
	sort(view, rows);
	n = style->top && style->top < rows->n ? style->top : rows->n;
	if (show->form == EMF_FORM_CSV) {
		emf_view_csv(m, shown, rows, n, style->now_ns);
	} else if (view->slot) {
		print_counts(m, view, rows, style);
	} else if (view->unit) {
		print_hists(m, view, rows, style);
	} else if (m->unit->emf->json) {
		for (size_t r = 0; r < n; r++)
			print_json(m, view, &rows->rows[r], NULL, style);
	} else if (rows->n) {
		print_table(m, view, rows, style);
	}
}
