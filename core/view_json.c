// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * view_json.c - tables and histograms of maps as lines of JSON.
 */
#include <jansson.h>
#include <stdlib.h>

#include <emf/output.h>

#include "clock.h"
#include "core.h"
#include "hist.h"
#include "line.h"
#include "record_json.h"
#include "view.h"
#include "view_rows.h"
#include "view_shown.h"

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

/* One column as it is in an object of all; its name may be that of a member in a struct. */
static void add_column(json_t *object, const struct emf_column *column, const char *data)
{
	const struct emf_record one = { .n = 1, .members = column->field.member };
	json_t *json = emf_record_to_json(&one, data + column->field.base);

	json_object_set(object, column->name, json_object_get(json, column->field.member->name));
	json_decref(json);
}

static void add_part(json_t *json, const char *name, const struct emf_view_shown *shown, enum emf_view_part part, const struct emf_view_row *row)
{
	json_t *object = json_object();

	for (size_t i = 0; i < shown->shown.n; i++)
		if (emf_view_part(shown, &shown->shown.columns[i]) == part)
			add_column(object, &shown->shown.columns[i], row->value);
	if (json_object_size(object))
		json_object_set(json, name, object);
	json_decref(object);
}

static json_t *time_json(uint64_t now_ns)
{
	char text[64];
	struct emf_line line = { .text = text, .size = sizeof(text) };

	emf_clock_add_rfc3339(&line, emf_clock_wall(now_ns));
	return json_stringn(text, line.at);
}

void emf_view_json(const struct module *m, const struct emf_view_shown *shown, const struct emf_view_row *row, const uint64_t *slots, uint64_t now_ns)
{
	const struct emf_view *view = shown->view;
	json_t *json = json_pack("{s:s, s:s}", "module", m->name, slots ? "histogram" : "table", view->name);
	bool has_key = row && view->key && !emf_view_is_all_together(view, row->key);
	char *text;

	if (now_ns)
		json_object_set_new(json, "time", time_json(now_ns));
	if (has_key)
		add_part(json, "key", shown, EMF_VIEW_KEY, row);
	if (row && view->value && (has_key || !view->key))
		add_part(json, "value", shown, EMF_VIEW_VALUE, row);
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
