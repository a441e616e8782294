// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * record_from_json.c - JSON to records.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "record.h"
#include "record_json.h"
#include "suggest.h"
#include "value.h"

#define PATH_MAX_BYTES 160 /* as shown; a longer one is cut */
#define FLAGS_TEXT_MAX 4096

/* Where we are, for messages, and how deep. */
struct place {
	char path[PATH_MAX_BYTES];
	size_t at;
	char *why;
};

static int wrong(const struct place *place, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static int wrong(const struct place *place, const char *fmt, ...)
{
	int n = snprintf(place->why, EMF_RECORD_WHY_MAX, "%s%s", place->path, place->at ? ": " : "");
	va_list args;

	va_start(args, fmt);
	vsnprintf(place->why + n, EMF_RECORD_WHY_MAX - (size_t)n, fmt, args);
	va_end(args);
	return -EINVAL;
}

/* Return: what to give leave() afterwards. */
static size_t enter(struct place *place, const char *name, uint32_t index)
{
	size_t before = place->at, left = sizeof(place->path) - before;
	int n = name ? snprintf(place->path + before, left, "%s%s", before ? "." : "", name) :
		       snprintf(place->path + before, left, "[%u]", index);

	place->at += (size_t)n < left ? (size_t)n : left - 1;
	return before;
}

static void leave(struct place *place, size_t before)
{
	place->at = before;
	place->path[before] = '\0';
}

static void list(char *hint, size_t size, size_t *at, const char *name)
{
	int n = snprintf(hint + *at, size - *at, "%s%s", *at ? ", " : "; there are: ", name);

	*at += (size_t)n < size - *at ? (size_t)n : size - *at - 1;
}

void emf_record_hint(const struct emf_record *record, const char *word, char *hint, size_t size)
{
	struct emf_suggestion near = { .word = word };
	size_t at = 0;

	hint[0] = '\0';
	for (size_t i = 0; record && i < record->n; i++) {
		emf_suggest(&near, record->members[i].name);
		list(hint, size, &at, record->members[i].name);
	}
	if (near.best)
		snprintf(hint, size, "; did you mean '%s'?", near.best);
	else if (!at)
		snprintf(hint, size, "; there is nothing to be given");
}

static void hint_names(const struct emf_name *names, const char *word, char *hint, size_t size)
{
	struct emf_suggestion near = { .word = word };
	size_t at = 0;

	hint[0] = '\0';
	for (; names && names->name; names++) {
		emf_suggest(&near, names->name);
		list(hint, size, &at, names->name);
	}
	if (near.best)
		snprintf(hint, size, "; did you mean '%s'?", near.best);
}

static const char *shown_type(const json_t *json)
{
	static const char *const types[] = { "an object", "an array", "a text", "a number", "a number with a fraction",
					     "true", "false", "null" };

	return types[json_typeof(json)];
}

static int not_expected(const struct place *place, const struct emf_member *m, const json_t *json)
{
	return wrong(place, "%s is not %s", shown_type(json), m->type == EMF_STRUCT ? "an object" : emf_value_expected(m->type));
}

static int in_range(const struct place *place, const struct emf_member *m, const void *at)
{
	struct emf_value_type type = emf_value_type_of(m);
	char value[EMF_VALUE_TEXT_MAX], min[EMF_VALUE_TEXT_MAX], max[EMF_VALUE_TEXT_MAX];
	uint64_t bound;

	if (emf_member_in_range(m, at))
		return 0;
	emf_value_format(&type, at, value);
	emf_value_store(&type, &bound, (uint64_t)m->range->min);
	emf_value_format(&type, &bound, min);
	emf_value_store(&type, &bound, (uint64_t)m->range->max);
	emf_value_format(&type, &bound, max);
	return wrong(place, "%.60s is out of range (%.60s to %.60s)", value, min, max);
}

/* A name as it is declared, whatever its case; one that could be several is none of them. */
static const char *as_declared(const struct emf_member *m, const char *text)
{
	const char *found = NULL;

	for (const struct emf_name *name = m->names; name && name->name; name++) {
		if (!strcmp(name->name, text))
			return text;
		if (!strcasecmp(name->name, text)) {
			if (found)
				return text;
			found = name->name;
		}
	}
	return found ? found : text;
}

static int from_text(const struct place *place, const struct emf_member *m, const char *text, void *at)
{
	struct emf_value_type type = emf_value_type_of(m);
	char hint[200] = "", ns[32];
	int err;

	if (m->type == EMF_DURATION && *text && !text[strspn(text, "0123456789")] && strlen(text) < sizeof(ns) - 2) {
		snprintf(ns, sizeof(ns), "%sns", text);
		text = ns;
	} else if (m->type == EMF_ENUM) {
		text = as_declared(m, text);
	}
	err = emf_value_parse(&type, text, at);

	switch (err) {
	case 0:
		if (m->type == EMF_FLAGS && !emf_member_is_named(m, emf_value_load(&type, at)))
			return wrong(place, "\"%.60s\" has bits that no flag stands for", text);
		return in_range(place, m, at);
	case -ERANGE:
		if (m->type == EMF_STRING || m->type == EMF_COMM)
			return wrong(place, "\"%.40s...\" is longer than %zu bytes", text, emf_value_size(&type) - 1);
		return wrong(place, "%.60s does not fit: it is %s of %zu bytes", text, emf_value_expected(m->type),
			     emf_value_size(&type));
	case -ENODEV:
		return wrong(place, "there is no interface '%.60s'", text);
	case -EINVAL:
		if (m->names)
			hint_names(m->names, text, hint, sizeof(hint));
		return wrong(place, "\"%.60s\" is not %s%s", text, emf_value_expected(m->type), hint);
	default:
		return wrong(place, "\"%.60s\" is not %s that there is: %s", text, emf_value_expected(m->type), strerror(-err));
	}
}

static int from_number(const struct place *place, const struct emf_member *m, const json_t *json, void *at)
{
	json_int_t v = json_integer_value(json);
	char text[32];

	if (!emf_value_is_number(m->type) && m->type != EMF_FLAGS)
		return not_expected(place, m, json);
	if (m->type == EMF_FLAGS && v > 0)
		snprintf(text, sizeof(text), "%#llx", (unsigned long long)v);
	else
		snprintf(text, sizeof(text), "%" JSON_INTEGER_FORMAT, v);
	return from_text(place, m, text, at);
}

/* ["A", "B"] */
static int from_flags(const struct place *place, const struct emf_member *m, const json_t *json, void *at)
{
	char text[FLAGS_TEXT_MAX] = "0";
	size_t used = 0, i;
	json_t *one;

	json_array_foreach(json, i, one) {
		if (!json_is_string(one))
			return not_expected(place, m, one);
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", i ? "|" : "", json_string_value(one));
		if (used >= sizeof(text))
			return wrong(place, "there are too many flags");
	}
	return from_text(place, m, text, at);
}

static int from_object(struct place *place, const struct emf_record *record, const json_t *json, void *data);

static int from_value(struct place *place, const struct emf_member *m, const json_t *json, void *at)
{
	if (m->type == EMF_STRUCT)
		return json_is_object(json) ? from_object(place, m->record, json, at) : not_expected(place, m, json);
	switch (json_typeof(json)) {
	case JSON_STRING:
		if (strlen(json_string_value(json)) != json_string_length(json))
			return wrong(place, "a text with a NUL in it is not %s", emf_value_expected(m->type));
		return from_text(place, m, json_string_value(json), at);
	case JSON_INTEGER:
		return from_number(place, m, json, at);
	case JSON_TRUE:
	case JSON_FALSE:
		if (m->type != EMF_BOOL)
			return not_expected(place, m, json);
		*(unsigned char *)at = json_is_true(json);
		return 0;
	case JSON_ARRAY:
		return m->type == EMF_FLAGS ? from_flags(place, m, json, at) : not_expected(place, m, json);
	default:
		return not_expected(place, m, json);
	}
}

static int from_characters(const struct place *place, const struct emf_member *m, const json_t *json, char *data)
{
	uint32_t n = (uint32_t)json_string_length(json);

	if (!json_is_string(json))
		return wrong(place, "%s is not a text", shown_type(json));
	if (json_string_length(json) > m->count)
		return wrong(place, "a text of %zu bytes is longer than %u", json_string_length(json), m->count);
	memcpy(data + m->offset, json_string_value(json), n);
	if (m->bounded)
		memcpy(data + m->len_offset, &n, sizeof(n));
	return 0;
}

static int from_argv(struct place *place, const struct emf_member *m, const json_t *json, char *data)
{
	uint32_t at = 0;

	if (!json_is_array(json))
		return wrong(place, "%s is not an array", shown_type(json));
	for (size_t i = 0; i < json_array_size(json); i++) {
		const json_t *arg = json_array_get(json, i);
		size_t n = json_string_length(arg);

		if (!json_is_string(arg) || strlen(json_string_value(arg)) != n)
			return wrong(place, "an argument is a text without a NUL in it");
		if (n >= m->count - at)
			return wrong(place, "it has more than %u bytes, with a NUL behind each argument", m->count);
		memcpy(data + m->offset + at, json_string_value(arg), n + 1);
		at += (uint32_t)n + 1;
	}
	memcpy(data + m->len_offset, &at, sizeof(at));
	return 0;
}

static int from_array(struct place *place, const struct emf_member *m, const json_t *json, char *data)
{
	size_t n = json_array_size(json);
	uint32_t len = (uint32_t)n;

	if (!json_is_array(json))
		return wrong(place, "%s is not an array", shown_type(json));
	if (n > m->count || (!m->bounded && n != m->count))
		return wrong(place, "%zu elements, and %s %u", n, m->bounded ? "there may be at most" : "it has", m->count);
	for (uint32_t i = 0; i < len; i++) {
		size_t before = enter(place, NULL, i);
		int err = from_value(place, m, json_array_get(json, i), data + m->offset + (size_t)i * m->size);

		if (err)
			return err;
		leave(place, before);
	}
	if (m->bounded)
		memcpy(data + m->len_offset, &len, sizeof(len));
	return 0;
}

static const char *expected(const struct emf_member *m)
{
	if (m->count > 1 || m->bounded)
		return m->type == EMF_CHAR ? "a text" : "an array";
	return m->type == EMF_STRUCT ? "an object" : emf_value_expected(m->type);
}

/* Of each element; a bounded array is as long as it can be only if somebody says so. */
static int from_default(const struct place *place, const struct emf_member *m, char *data)
{
	if (!m->initial)
		return wrong(place, "is missing: %s", expected(m));
	for (uint32_t i = 0; i < m->count && !m->bounded; i++) {
		int err = from_text(place, m, m->initial, data + m->offset + (size_t)i * m->size);

		if (err)
			return err;
	}
	return 0;
}

static int from_member(struct place *place, const struct emf_member *m, const json_t *json, char *data)
{
	if (m->type >= EMF_FD)
		return wrong(place, "is a file descriptor, which neither JSON nor a word can carry");
	if (!json)
		return from_default(place, m, data);
	if (m->count == 1 && !m->bounded)
		return from_value(place, m, json, data + m->offset);
	if (m->type == EMF_ARGV && m->bounded)
		return from_argv(place, m, json, data);
	return m->type == EMF_CHAR ? from_characters(place, m, json, data) : from_array(place, m, json, data);
}

static bool is_member(const struct emf_record *record, const char *name)
{
	for (size_t i = 0; record && i < record->n; i++)
		if (!strcmp(record->members[i].name, name))
			return true;
	return false;
}

static int from_object(struct place *place, const struct emf_record *record, const json_t *json, void *data)
{
	const char *name;
	json_t *value;
	char hint[200];

	json_object_foreach((json_t *)json, name, value) {
		if (is_member(record, name))
			continue;
		emf_record_hint(record, name, hint, sizeof(hint));
		return wrong(place, "unknown name '%.60s'%s", name, hint);
	}
	for (size_t i = 0; record && i < record->n; i++) {
		const struct emf_member *m = &record->members[i];
		size_t before = enter(place, m->name, 0);
		int err = from_member(place, m, json_object_get(json, m->name), data);

		if (err)
			return err;
		leave(place, before);
	}
	return 0;
}

int emf_record_from_json(const struct emf_record *record, const json_t *json, void *data, char why[EMF_RECORD_WHY_MAX])
{
	struct place place = { .why = why };

	if (record)
		memset(data, 0, record->size);
	if (!json_is_object(json))
		return wrong(&place, "%s is not an object: write {\"name\": value}, or name=value", shown_type(json));
	return from_object(&place, record, json, data);
}
