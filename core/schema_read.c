// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * schema_read.c - JSON to a service.
 */
#include "schema_read.h"

#include <ctype.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "bus_wire.h"
#include "schema.h"
#include "schema_reader.h"

#define LEAVES_MAX 0xffff /* struct ebus_bind_member */

/* What is freed with the schema. */
struct emf_schema_block {
	struct emf_schema_block *next;
	_Alignas(16) char bytes[];
};

bool emf_schema_bad(struct emf_schema_reader *r, const char *fmt, ...)
{
	va_list args;

	if (r->err)
		return false;
	r->err = -EPROTO;
	va_start(args, fmt);
	vsnprintf(r->why, EMF_SCHEMA_WHY_MAX, fmt, args);
	va_end(args);
	return false;
}

void *emf_schema_allocate(struct emf_schema_reader *r, size_t n, size_t size)
{
	struct emf_schema_block *block = calloc(1, sizeof(*block) + n * size);

	if (!block) {
		r->err = -ENOMEM;
		snprintf(r->why, EMF_SCHEMA_WHY_MAX, "out of memory");
		return NULL;
	}
	block->next = r->schema->allocated;
	r->schema->allocated = block;
	return block->bytes;
}

/* --- values of an object */

bool emf_schema_get_u32(struct emf_schema_reader *r, const json_t *json, const char *key, uint32_t *to)
{
	const json_t *value = json_object_get(json, key);
	json_int_t v = json_integer_value(value);

	if (!json_is_integer(value) || v < 0 || v > EBUS_PAYLOAD_MAX)
		return emf_schema_bad(r, "'%s' is no number from 0 to %u", key, EBUS_PAYLOAD_MAX);
	*to = (uint32_t)v;
	return true;
}

const char *emf_schema_copy(struct emf_schema_reader *r, const char *text)
{
	size_t size = strlen(text) + 1;
	char *to = emf_schema_allocate(r, size, 1);

	return to ? memcpy(to, text, size) : NULL;
}

static bool is_name(const char *text)
{
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

	return len && !text[len] && len < EBUS_NAME_MAX && !isdigit((unsigned char)*text);
}

const char *emf_schema_get_name(struct emf_schema_reader *r, const json_t *value)
{
	const char *text = json_string_value(value);

	if (!text || !is_name(text)) {
		emf_schema_bad(r, "what should be a name is none");
		return NULL;
	}
	return emf_schema_copy(r, text);
}

size_t emf_schema_length_of(struct emf_schema_reader *r, const json_t *array, size_t most)
{
	if (!json_is_array(array) || json_array_size(array) > most) {
		emf_schema_bad(r, "what should be an array of at most %zu elements is none", most);
		return 0;
	}
	return json_array_size(array);
}

static bool read_hash(struct emf_schema_reader *r, const json_t *value, uint64_t *hash)
{
	const char *text = json_string_value(value);
	char *end;

	if (!text || strncmp(text, "0x", 2) || strlen(text) > 18 || !isxdigit((unsigned char)text[2]))
		return emf_schema_bad(r, "what should be a hash is none");
	*hash = strtoull(text, &end, 16);
	return *end ? emf_schema_bad(r, "what should be a hash is none") : true;
}

/* --- methods, signals, errors */

static bool read_message(struct emf_schema_reader *r, const json_t *json, struct ebus_message *message)
{
	const json_t *array = json_object_get(json, "leaves");
	uint64_t *leaves;
	uint32_t number;

	if (!json_object_get(json, "record"))
		return true;
	if (!emf_schema_get_u32(r, json, "record", &number))
		return false;
	if (number >= r->n)
		return emf_schema_bad(r, "a message is made of a record that is not there");
	message->record = &r->records[number];
	message->n_leaves = emf_schema_length_of(r, array, LEAVES_MAX);
	leaves = r->err ? NULL : emf_schema_allocate(r, message->n_leaves, sizeof(*leaves));
	for (size_t i = 0; leaves && i < message->n_leaves; i++)
		if (!read_hash(r, json_array_get(array, i), &leaves[i]))
			return false;
	message->leaves = leaves;
	return leaves != NULL;
}

static bool read_one(struct emf_schema_reader *r, const json_t *json, struct ebus_member *member)
{
	const char *access = json_string_value(json_object_get(json, "access"));

	member->name = emf_schema_get_name(r, json_object_get(json, "name"));
	if (access && *access)
		member->access = emf_schema_get_name(r, json_object_get(json, "access"));
	member->invoke = ebus_call_remote;
	return !r->err && read_message(r, json_object_get(json, "in"), &member->in) &&
	       read_message(r, json_object_get(json, "out"), &member->out);
}

static const struct ebus_member *read_members(struct emf_schema_reader *r, const json_t *array, size_t *n)
{
	size_t length = emf_schema_length_of(r, array, EBUS_MEMBERS_MAX);
	struct ebus_member *members = r->err ? NULL : emf_schema_allocate(r, length, sizeof(*members));

	for (size_t i = 0; members && i < length; i++) {
		if (!read_one(r, json_array_get(array, i), &members[i]))
			return NULL;
		if (emf_schema_member(members, i, members[i].name)) {
			emf_schema_bad(r, "two members are called '%s'", members[i].name);
			return NULL;
		}
	}
	*n = length;
	return members;
}

static bool read_service(struct emf_schema_reader *r, const json_t *json)
{
	struct ebus_service *s = &r->schema->service;
	const char *version = json_string_value(json_object_get(json, "version"));
	static const char any_ops;

	s->name = emf_schema_get_name(r, json_object_get(json, "name"));
	if (!version || strlen(version) >= EBUS_VERSION_MAX || version[strspn(version, "0123456789.")])
		return emf_schema_bad(r, "the version is none");
	s->version = emf_schema_copy(r, version);
	if (r->err || !read_hash(r, json_object_get(json, "hash"), &s->hash) ||
	    !emf_schema_get_records(r, json_object_get(json, "records")))
		return false;
	s->methods = read_members(r, json_object_get(json, "methods"), &s->n_methods);
	s->signals = read_members(r, json_object_get(json, "signals"), &s->n_signals);
	s->errors = read_members(r, json_object_get(json, "errors"), &s->n_errors);
	for (size_t i = 0; !r->err && i < s->n_errors; i++)
		if (s->errors[i].in.record && s->errors[i].in.record->size > EBUS_ERROR_MAX)
			return emf_schema_bad(r, "error '%s' is too large", s->errors[i].name);
	s->remote_ops = &any_ops;
	s->subscriptions = r->err ? NULL : emf_schema_allocate(r, s->n_signals, sizeof(*s->subscriptions));
	return !r->err;
}

static int read_schema(const char *text, size_t len, bool are_events, struct emf_schema **schema, char why[EMF_SCHEMA_WHY_MAX])
{
	struct emf_schema_reader r = { .schema = calloc(1, sizeof(*r.schema)), .why = why, .are_events = are_events };
	json_error_t error;
	json_t *json = r.schema ? json_loadb(text, len, JSON_REJECT_DUPLICATES, &error) : NULL;

	if (!r.schema) {
		snprintf(why, EMF_SCHEMA_WHY_MAX, "out of memory");
		return -ENOMEM;
	}
	if (json)
		read_service(&r, json);
	else
		emf_schema_bad(&r, "it is no JSON: %s", error.text);
	json_decref(json);
	if (r.err) {
		emf_schema_free(r.schema);
		return r.err;
	}
	r.schema->client.service = &r.schema->service;
	*schema = r.schema;
	return 0;
}

int emf_schema_read(const char *text, size_t len, struct emf_schema **schema, char why[EMF_SCHEMA_WHY_MAX])
{
	return read_schema(text, len, false, schema, why);
}

int emf_schema_read_events(const char *text, size_t len, struct emf_schema **schema, char why[EMF_SCHEMA_WHY_MAX])
{
	return read_schema(text, len, true, schema, why);
}

void emf_schema_free(struct emf_schema *schema)
{
	if (!schema)
		return;
	for (struct emf_schema_block *b = schema->allocated, *next; b; b = next) {
		next = b->next;
		free(b);
	}
	free(schema);
}
