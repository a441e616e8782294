// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * eunomia_json.c - fields of eunomia-bpf's JSON, and errors that name them.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eunomia_reader.h"
#include "text.h"

struct eunomia_chunk {
	struct eunomia_chunk *next;
	uint64_t reserved; /* what is behind it is aligned to 16 */
};

bool emf_eunomia_fail(struct eunomia *e, const char *fmt, ...)
{
	va_list args;

	if (e->err)
		return false;
	va_start(args, fmt);
	vsnprintf(e->why, EMF_PACKAGE_WHY_MAX, fmt, args);
	va_end(args);
	e->err = -ENOEXEC;
	return false;
}

void *emf_eunomia_memory(struct eunomia *e, size_t n, size_t size)
{
	struct eunomia_chunk *chunk;

	if (e->err)
		return NULL;
	if (size && n > (EMF_EUNOMIA_MEMORY_MAX - e->used) / size) {
		emf_eunomia_fail(e, "what it describes needs more than the %u bytes of tables that are allowed", EMF_EUNOMIA_MEMORY_MAX);
		return NULL;
	}
	chunk = calloc(1, sizeof(*chunk) + n * size);
	if (!chunk) {
		emf_eunomia_fail(e, "out of memory");
		e->err = -ENOMEM;
		return NULL;
	}
	e->used += n * size;
	chunk->next = e->memory;
	e->memory = chunk;
	return chunk + 1;
}

char *emf_eunomia_format(struct eunomia *e, const char *fmt, ...)
{
	char text[1024], *copy;
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	copy = emf_eunomia_memory(e, strlen(text) + 1, 1);
	return copy ? strcpy(copy, text) : NULL;
}

void emf_eunomia_free(struct eunomia *e)
{
	while (e->memory) {
		struct eunomia_chunk *chunk = e->memory;

		e->memory = chunk->next;
		free(chunk);
	}
	free(e->records);
	bpf_object__close(e->object);
}

/* A name of somebody's choice, in a sentence. */
#define NAME "%.64s"

bool emf_eunomia_has_only(const struct eunomia_at *at, const char *const *known)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)at->object, name, value) {
		size_t i = 0;

		while (known[i] && strcmp(known[i], name) != 0)
			i++;
		if (!known[i])
			return emf_eunomia_fail(at->e, "the field %s%s" NAME " is none that this product knows: what it asks for would not be done", at->path,
						*at->path ? "." : "", name);
	}
	return !at->e->err;
}

const json_t *emf_eunomia_get(const struct eunomia_at *at, const char *name)
{
	const json_t *value = json_object_get(at->object, name);

	return json_is_null(value) ? NULL : value;
}

static bool is_not(const struct eunomia_at *at, const char *name, const char *what)
{
	return emf_eunomia_fail(at->e, "the field %s%s%s is no %s", at->path, *at->path ? "." : "", name, what);
}

/* Nothing of it may drive a terminal, or end before its end. */
static bool is_plain(const char *text, size_t size)
{
	for (size_t n; size; size -= n, text += n) {
		n = *text == '\n' || *text == '\t' ? 1 : emf_text_character(text, size);
		if (!n)
			return false;
	}
	return true;
}

const char *emf_eunomia_text(const struct eunomia_at *at, const char *name, const char *fallback)
{
	const json_t *value = emf_eunomia_get(at, name);

	if (!value || (json_is_string(value) && is_plain(json_string_value(value), json_string_length(value))))
		return value ? json_string_value(value) : fallback;
	is_not(at, name, json_is_string(value) ? "text without control characters" : "text");
	return fallback;
}

int64_t emf_eunomia_number(const struct eunomia_at *at, const char *name, int64_t fallback, int64_t min, int64_t max)
{
	const json_t *value = emf_eunomia_get(at, name);

	if (!value || (json_is_integer(value) && json_integer_value(value) >= min && json_integer_value(value) <= max))
		return value ? json_integer_value(value) : fallback;
	emf_eunomia_fail(at->e, "the field %s%s%s is no number from %lld to %lld", at->path, *at->path ? "." : "", name, (long long)min, (long long)max);
	return fallback;
}

bool emf_eunomia_bool(const struct eunomia_at *at, const char *name, bool fallback)
{
	const json_t *value = emf_eunomia_get(at, name);

	if (!value || json_is_boolean(value))
		return value ? json_is_true(value) : fallback;
	is_not(at, name, "true or false");
	return fallback;
}

static void go(const struct eunomia_at *at, const json_t *object, struct eunomia_at *inner)
{
	inner->e = at->e;
	inner->object = object;
}

bool emf_eunomia_object(const struct eunomia_at *at, const char *name, struct eunomia_at *inner)
{
	const json_t *value = emf_eunomia_get(at, name);

	if (!value || !json_is_object(value))
		return value ? is_not(at, name, "object") : false;
	go(at, value, inner);
	snprintf(inner->path, sizeof(inner->path), "%.60s%s%s", at->path, *at->path ? "." : "", name);
	return true;
}

size_t emf_eunomia_count(const struct eunomia_at *at, const char *name)
{
	const json_t *value = emf_eunomia_get(at, name);

	if (value && !json_is_array(value))
		is_not(at, name, "array");
	if (json_array_size(value) > EMF_EUNOMIA_ITEMS_MAX)
		emf_eunomia_fail(at->e, "the field %s.%s has %zu entries, and %u are allowed", at->path, name, json_array_size(value), EMF_EUNOMIA_ITEMS_MAX);
	return at->e->err ? 0 : json_array_size(value);
}

bool emf_eunomia_item(const struct eunomia_at *at, const char *name, size_t i, struct eunomia_at *inner)
{
	const json_t *value = json_array_get(json_object_get(at->object, name), i);

	go(at, value, inner);
	snprintf(inner->path, sizeof(inner->path), "%.50s%s%s[%zu]", at->path, *at->path ? "." : "", name, i);
	return json_is_object(value) ? true : emf_eunomia_fail(at->e, "the field %s is no object", inner->path);
}
