// SPDX-License-Identifier: BSD-2-Clause
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
#include "record_json.h"
#include "schema.h"
#include "value.h"

#define MEMBERS_MAX 4096  /* of a record; what has more is written by nobody */
#define LEAVES_MAX 0xffff /* struct ebus_bind_member */
#define NAMES_MAX 4096	  /* of an enum */

/* What is freed with the schema. */
struct emf_schema_block {
	struct emf_schema_block *next;
	_Alignas(16) char bytes[];
};

/* What else is known of a record while it is read. */
struct shape {
	uint32_t align, depth;
};

struct reader {
	struct emf_schema *schema;
	struct emf_record *records;
	struct shape *shapes;
	size_t n; /* records that were read */
	int err;
	char *why;
};

static bool bad(struct reader *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Return: false; the first reason stays. */
static bool bad(struct reader *r, const char *fmt, ...)
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

static void *allocate(struct reader *r, size_t n, size_t size)
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

static bool read_u32(struct reader *r, const json_t *json, const char *key, uint32_t *to)
{
	const json_t *value = json_object_get(json, key);
	json_int_t v = json_integer_value(value);

	if (!json_is_integer(value) || v < 0 || v > EBUS_PAYLOAD_MAX)
		return bad(r, "'%s' is no number from 0 to %u", key, EBUS_PAYLOAD_MAX);
	*to = (uint32_t)v;
	return true;
}

static const char *copy(struct reader *r, const char *text)
{
	size_t size = strlen(text) + 1;
	char *to = allocate(r, size, 1);

	return to ? memcpy(to, text, size) : NULL;
}

static bool is_name(const char *text)
{
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

	return len && !text[len] && len < EBUS_NAME_MAX && !isdigit((unsigned char)*text);
}

static const char *read_name(struct reader *r, const json_t *value)
{
	const char *text = json_string_value(value);

	if (!text || !is_name(text)) {
		bad(r, "what should be a name is none");
		return NULL;
	}
	return copy(r, text);
}

static bool read_hash(struct reader *r, const json_t *value, uint64_t *hash)
{
	const char *text = json_string_value(value);
	char *end;

	if (!text || strncmp(text, "0x", 2) || strlen(text) > 18 || !isxdigit((unsigned char)text[2]))
		return bad(r, "what should be a hash is none");
	*hash = strtoull(text, &end, 16);
	return *end ? bad(r, "what should be a hash is none") : true;
}

/* Return: how many elements; 0, with an error, for what is no such array. */
static size_t length_of(struct reader *r, const json_t *array, size_t most)
{
	if (!json_is_array(array) || json_array_size(array) > most) {
		bad(r, "what should be an array of at most %zu elements is none", most);
		return 0;
	}
	return json_array_size(array);
}

/* --- records */

static bool read_names(struct reader *r, const json_t *json, struct emf_member *m)
{
	const json_t *array = json_object_get(json, "names");
	struct emf_name *names;
	size_t n;

	if (m->type != EMF_ENUM && m->type != EMF_FLAGS)
		return array ? bad(r, "member '%s' has names and is no enum", m->name) : true;
	n = length_of(r, array, NAMES_MAX);
	names = r->err ? NULL : allocate(r, n + 1, sizeof(*names));
	for (size_t i = 0; names && i < n; i++) {
		const json_t *pair = json_array_get(array, i);

		names[i].name = read_name(r, json_array_get(pair, 0));
		names[i].value = (uint64_t)json_integer_value(json_array_get(pair, 1));
		if (!names[i].name)
			return false;
	}
	m->names = names;
	return names != NULL;
}

static bool read_struct(struct reader *r, const json_t *json, struct emf_member *m, struct shape *shape)
{
	uint32_t number;

	if (!read_u32(r, json, "record", &number))
		return false;
	if (number >= r->n)
		return bad(r, "member '%s' is made of a record that does not stand before it", m->name);
	m->record = &r->records[number];
	*shape = r->shapes[number];
	if (m->size != m->record->size || ++shape->depth > EMF_RECORD_DEPTH_MAX)
		return bad(r, "member '%s' is a struct of another size, or too deep", m->name);
	return true;
}

/* Its size is the one of its type; that is also how it is aligned. */
static bool read_type(struct reader *r, const json_t *json, struct emf_member *m, struct shape *shape)
{
	const char *name = json_string_value(json_object_get(json, "type"));
	struct emf_value_type type;
	enum emf_type known;

	if (!name || emf_schema_type(name, &known))
		return bad(r, "member '%s' is of an unknown type", m->name);
	m->type = known;
	if (m->type == EMF_STRUCT)
		return read_struct(r, json, m, shape);
	type = (struct emf_value_type){ .type = m->type, .size = m->size };
	if (!m->size || emf_value_size(&type) != m->size)
		return bad(r, "member '%s' is not of the size of its type", m->name);
	*shape = (struct shape){ .align = m->size };
	if (emf_value_is_wide(m->type))
		return m->size == 1 || m->size == 2 || m->size == 4 || m->size == 8 ? true :
			bad(r, "member '%s' is of no size of an enum", m->name);
	if (m->type == EMF_IP6 || m->type == EMF_IP)
		shape->align = 4;
	else if (m->type == EMF_STRING || m->type == EMF_COMM || m->type == EMF_MAC)
		shape->align = 1;
	return true;
}

static bool read_extras(struct reader *r, const json_t *json, struct emf_member *m)
{
	const json_t *range = json_object_get(json, "range"), *initial = json_object_get(json, "initial");

	if (range) {
		struct emf_range *bounds = allocate(r, 1, sizeof(*bounds));

		if (!bounds)
			return false;
		bounds->min = json_integer_value(json_array_get(range, 0));
		bounds->max = json_integer_value(json_array_get(range, 1));
		m->range = bounds;
		if (json_array_size(range) != 2 || !emf_value_is_number(m->type))
			return bad(r, "member '%s' has a range that is none", m->name);
	}
	if (!initial)
		return true;
	if (!json_is_string(initial) || m->type == EMF_STRUCT)
		return bad(r, "member '%s' has a default that is none", m->name);
	m->initial = copy(r, json_string_value(initial));
	return m->initial != NULL;
}

/* @end: of the member before, and then of this one. */
static bool read_place(struct reader *r, const json_t *json, struct emf_member *m, const struct shape *shape, uint64_t *end)
{
	if (!m->count)
		return bad(r, "member '%s' has no elements", m->name);
	if (json_object_get(json, "len_offset")) {
		m->bounded = 1;
		if (!read_u32(r, json, "len_offset", &m->len_offset))
			return false;
		if (m->len_offset < *end || m->len_offset % 4)
			return bad(r, "the length of member '%s' is where something else is", m->name);
		*end = (uint64_t)m->len_offset + 4;
	}
	if (m->offset < *end || m->offset % shape->align)
		return bad(r, "member '%s' is where something else is", m->name);
	*end = m->offset + (uint64_t)m->count * m->size;
	return true;
}

static bool read_member(struct reader *r, const json_t *json, struct emf_member *m, struct shape *shape, uint64_t *end)
{
	m->name = read_name(r, json_object_get(json, "name"));
	return m->name && read_u32(r, json, "offset", &m->offset) && read_u32(r, json, "size", &m->size) &&
	       read_u32(r, json, "count", &m->count) && read_type(r, json, m, shape) && read_names(r, json, m) &&
	       read_extras(r, json, m) && read_place(r, json, m, shape, end);
}

static bool read_record(struct reader *r, const json_t *json)
{
	struct emf_record *record = &r->records[r->n];
	struct shape *whole = &r->shapes[r->n], shape = { 0 };
	const json_t *array = json_object_get(json, "members");
	struct emf_member *members;
	uint64_t end = 0;

	*whole = (struct shape){ .align = 1 };
	record->name = read_name(r, json_object_get(json, "name"));
	record->n = length_of(r, array, MEMBERS_MAX);
	members = r->err ? NULL : allocate(r, record->n, sizeof(*members));
	if (!members || !read_u32(r, json, "size", &record->size) || !read_u32(r, json, "fixed", &record->fixed))
		return false;
	record->members = members;
	for (size_t i = 0; i < record->n; i++) {
		if (!read_member(r, json_array_get(array, i), &members[i], &shape, &end))
			return false;
		whole->align = shape.align > whole->align ? shape.align : whole->align;
		whole->depth = shape.depth > whole->depth ? shape.depth : whole->depth;
	}
	if (!record->size || end > record->size || record->size % whole->align)
		return bad(r, "record '%s' is smaller than what is in it", record->name);
	if (record->fixed > record->size)
		return bad(r, "record '%s' is cut where it does not end", record->name);
	if (record->fixed < record->size &&
	    (!record->n || !members[record->n - 1].bounded || members[record->n - 1].offset != record->fixed))
		return bad(r, "record '%s' is cut where no array is", record->name);
	r->n++;
	return true;
}

static bool read_records(struct reader *r, const json_t *array)
{
	size_t n = length_of(r, array, EMF_SCHEMA_RECORDS_MAX);

	r->records = r->err ? NULL : allocate(r, n, sizeof(*r->records));
	r->shapes = r->err ? NULL : allocate(r, n, sizeof(*r->shapes));
	for (size_t i = 0; !r->err && i < n; i++)
		read_record(r, json_array_get(array, i));
	return !r->err;
}

/* --- methods, signals, errors */

static bool read_message(struct reader *r, const json_t *json, struct ebus_message *message)
{
	const json_t *array = json_object_get(json, "leaves");
	uint64_t *leaves;
	uint32_t number;

	if (!json_object_get(json, "record"))
		return true;
	if (!read_u32(r, json, "record", &number))
		return false;
	if (number >= r->n)
		return bad(r, "a message is made of a record that is not there");
	message->record = &r->records[number];
	message->n_leaves = length_of(r, array, LEAVES_MAX);
	leaves = r->err ? NULL : allocate(r, message->n_leaves, sizeof(*leaves));
	for (size_t i = 0; leaves && i < message->n_leaves; i++)
		if (!read_hash(r, json_array_get(array, i), &leaves[i]))
			return false;
	message->leaves = leaves;
	return leaves != NULL;
}

static bool read_one(struct reader *r, const json_t *json, struct ebus_member *member)
{
	const char *access = json_string_value(json_object_get(json, "access"));

	member->name = read_name(r, json_object_get(json, "name"));
	if (access && *access)
		member->access = read_name(r, json_object_get(json, "access"));
	member->invoke = ebus_call_remote;
	return !r->err && read_message(r, json_object_get(json, "in"), &member->in) &&
	       read_message(r, json_object_get(json, "out"), &member->out);
}

static const struct ebus_member *read_members(struct reader *r, const json_t *array, size_t *n)
{
	size_t length = length_of(r, array, EBUS_MEMBERS_MAX);
	struct ebus_member *members = r->err ? NULL : allocate(r, length, sizeof(*members));

	for (size_t i = 0; members && i < length; i++) {
		if (!read_one(r, json_array_get(array, i), &members[i]))
			return NULL;
		if (emf_schema_member(members, i, members[i].name)) {
			bad(r, "two members are called '%s'", members[i].name);
			return NULL;
		}
	}
	*n = length;
	return members;
}

static bool read_service(struct reader *r, const json_t *json)
{
	struct ebus_service *s = &r->schema->service;
	const char *version = json_string_value(json_object_get(json, "version"));
	static const char any_ops;

	s->name = read_name(r, json_object_get(json, "name"));
	if (!version || strlen(version) >= EBUS_VERSION_MAX || version[strspn(version, "0123456789.")])
		return bad(r, "the version is none");
	s->version = copy(r, version);
	if (r->err || !read_hash(r, json_object_get(json, "hash"), &s->hash) ||
	    !read_records(r, json_object_get(json, "records")))
		return false;
	s->methods = read_members(r, json_object_get(json, "methods"), &s->n_methods);
	s->signals = read_members(r, json_object_get(json, "signals"), &s->n_signals);
	s->errors = read_members(r, json_object_get(json, "errors"), &s->n_errors);
	for (size_t i = 0; !r->err && i < s->n_errors; i++)
		if (s->errors[i].in.record && s->errors[i].in.record->size > EBUS_ERROR_MAX)
			return bad(r, "error '%s' is too large", s->errors[i].name);
	s->remote_ops = &any_ops;
	s->subscriptions = r->err ? NULL : allocate(r, s->n_signals, sizeof(*s->subscriptions));
	return !r->err;
}

int emf_schema_read(const char *text, size_t len, struct emf_schema **schema, char why[EMF_SCHEMA_WHY_MAX])
{
	struct reader r = { .schema = calloc(1, sizeof(*r.schema)), .why = why };
	json_error_t error;
	json_t *json = r.schema ? json_loadb(text, len, JSON_REJECT_DUPLICATES, &error) : NULL;

	if (!r.schema) {
		snprintf(why, EMF_SCHEMA_WHY_MAX, "out of memory");
		return -ENOMEM;
	}
	if (json)
		read_service(&r, json);
	else
		bad(&r, "it is no JSON: %s", error.text);
	json_decref(json);
	if (r.err) {
		emf_schema_free(r.schema);
		return r.err;
	}
	r.schema->client.service = &r.schema->service;
	*schema = r.schema;
	return 0;
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
