// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * schema_read_record.c - JSON to the records of a service. What works on them trusts what is checked here.
 */
#include <stdlib.h>
#include <string.h>

#include "bus_wire.h"
#include "record_json.h"
#include "schema.h"
#include "schema_reader.h"
#include "value.h"

#define MEMBERS_MAX 4096 /* of a record; what has more is written by nobody */
#define NAMES_MAX 4096	 /* of an enum */

static bool read_names(struct emf_schema_reader *r, const json_t *json, struct emf_member *m)
{
	const json_t *array = json_object_get(json, "names");
	struct emf_name *names;
	size_t n;

	if (m->type != EMF_ENUM && m->type != EMF_FLAGS)
		return array ? emf_schema_bad(r, "member '%s' has names and is no enum", m->name) : true;
	n = emf_schema_length_of(r, array, NAMES_MAX);
	names = r->err ? NULL : emf_schema_allocate(r, n + 1, sizeof(*names));
	for (size_t i = 0; names && i < n; i++) {
		const json_t *pair = json_array_get(array, i);

		names[i].name = emf_schema_get_name(r, json_array_get(pair, 0));
		names[i].value = (uint64_t)json_integer_value(json_array_get(pair, 1));
		if (!names[i].name)
			return false;
	}
	m->names = names;
	return names != NULL;
}

static bool read_struct(struct emf_schema_reader *r, const json_t *json, struct emf_member *m, struct emf_schema_shape *shape)
{
	uint32_t number;

	if (!emf_schema_get_u32(r, json, "record", &number))
		return false;
	if (number >= r->n)
		return emf_schema_bad(r, "member '%s' is made of a record that does not stand before it", m->name);
	m->record = &r->records[number];
	*shape = r->shapes[number];
	if (m->size != m->record->size || ++shape->depth > EMF_RECORD_DEPTH_MAX)
		return emf_schema_bad(r, "member '%s' is a struct of another size, or too deep", m->name);
	return true;
}

/* Its size is the one of its type; that is also how it is aligned. */
static bool read_type(struct emf_schema_reader *r, const json_t *json, struct emf_member *m, struct emf_schema_shape *shape)
{
	const char *name = json_string_value(json_object_get(json, "type"));
	struct emf_value_type type;
	enum emf_type known;

	if (!name || emf_schema_type(name, &known) || (!r->are_events && (known == EMF_U128 || known == EMF_S128 || known == EMF_HEX)))
		return emf_schema_bad(r, "member '%s' is of an unknown type", m->name);
	m->type = known;
	if (m->type == EMF_STRUCT)
		return read_struct(r, json, m, shape);
	type = (struct emf_value_type){ .type = m->type, .size = m->size };
	if (!m->size || emf_value_size(&type) != m->size)
		return emf_schema_bad(r, "member '%s' is not of the size of its type", m->name);
	*shape = (struct emf_schema_shape){ .align = r->are_events ? 1 : m->size };
	if (emf_value_is_wide(m->type))
		return m->size == 1 || m->size == 2 || m->size == 4 || m->size == 8 ? true :
			emf_schema_bad(r, "member '%s' is of no size of an enum", m->name);
	if (r->are_events)
		return true;
	if (m->type == EMF_IP6 || m->type == EMF_IP)
		shape->align = 4;
	else if (m->type == EMF_STRING || m->type == EMF_COMM || m->type == EMF_MAC)
		shape->align = 1;
	return true;
}

static bool read_extras(struct emf_schema_reader *r, const json_t *json, struct emf_member *m)
{
	const json_t *range = json_object_get(json, "range"), *initial = json_object_get(json, "initial");

	if (range) {
		struct emf_range *bounds = emf_schema_allocate(r, 1, sizeof(*bounds));

		if (!bounds)
			return false;
		bounds->min = json_integer_value(json_array_get(range, 0));
		bounds->max = json_integer_value(json_array_get(range, 1));
		m->range = bounds;
		if (json_array_size(range) != 2 || !emf_value_is_number(m->type))
			return emf_schema_bad(r, "member '%s' has a range that is none", m->name);
	}
	if (!initial)
		return true;
	if (!json_is_string(initial) || m->type == EMF_STRUCT)
		return emf_schema_bad(r, "member '%s' has a default that is none", m->name);
	m->initial = emf_schema_copy(r, json_string_value(initial));
	return m->initial != NULL;
}

/* A bit-field lies where others do. */
static bool read_bits(struct emf_schema_reader *r, const json_t *json, struct emf_member *m, uint32_t record_size)
{
	bool is_number = emf_value_is_number(m->type) || m->type == EMF_ENUM || m->type == EMF_FLAGS;
	uint32_t bits, shift;

	if (!emf_schema_get_u32(r, json, "bits", &bits) || !emf_schema_get_u32(r, json, "shift", &shift))
		return false;
	if (!r->are_events || !is_number || !bits || m->size > 8 || m->count != 1 || (uint64_t)bits + shift > 8ull * m->size ||
	    json_object_get(json, "len_offset") || (uint64_t)m->offset + m->size > record_size)
		return emf_schema_bad(r, "member '%s' is no bit-field that there can be", m->name);
	m->bits = (uint8_t)bits;
	m->shift = (uint8_t)shift;
	return true;
}

/* @end: of the member before, and then of this one. */
static bool read_place(struct emf_schema_reader *r, const json_t *json, struct emf_member *m, const struct emf_schema_shape *shape, uint64_t *end)
{
	if (!m->count)
		return emf_schema_bad(r, "member '%s' has no elements", m->name);
	if (json_object_get(json, "len_offset")) {
		m->bounded = 1;
		if (!emf_schema_get_u32(r, json, "len_offset", &m->len_offset))
			return false;
		if (m->len_offset < *end || m->len_offset % 4)
			return emf_schema_bad(r, "the length of member '%s' is where something else is", m->name);
		*end = (uint64_t)m->len_offset + 4;
	}
	if (m->offset < *end || m->offset % shape->align)
		return emf_schema_bad(r, "member '%s' is where something else is", m->name);
	*end = m->offset + (uint64_t)m->count * m->size;
	return true;
}

static bool read_member(struct emf_schema_reader *r, const json_t *json, uint32_t record_size, struct emf_member *m, struct emf_schema_shape *shape, uint64_t *end)
{
	m->name = emf_schema_get_name(r, json_object_get(json, "name"));
	return m->name && emf_schema_get_u32(r, json, "offset", &m->offset) && emf_schema_get_u32(r, json, "size", &m->size) &&
	       emf_schema_get_u32(r, json, "count", &m->count) && read_type(r, json, m, shape) && read_names(r, json, m) &&
	       read_extras(r, json, m) && (json_object_get(json, "bits") ? read_bits(r, json, m, record_size) : read_place(r, json, m, shape, end));
}

static bool read_record(struct emf_schema_reader *r, const json_t *json)
{
	struct emf_record *record = &r->records[r->n];
	struct emf_schema_shape *whole = &r->shapes[r->n], shape = { 0 };
	const json_t *array = json_object_get(json, "members");
	struct emf_member *members;
	uint64_t end = 0;

	*whole = (struct emf_schema_shape){ .align = 1 };
	record->name = emf_schema_get_name(r, json_object_get(json, "name"));
	record->n = emf_schema_length_of(r, array, MEMBERS_MAX);
	members = r->err ? NULL : emf_schema_allocate(r, record->n, sizeof(*members));
	if (!members || !emf_schema_get_u32(r, json, "size", &record->size) || !emf_schema_get_u32(r, json, "fixed", &record->fixed))
		return false;
	record->members = members;
	for (size_t i = 0; i < record->n; i++) {
		if (!read_member(r, json_array_get(array, i), record->size, &members[i], &shape, &end))
			return false;
		whole->align = shape.align > whole->align ? shape.align : whole->align;
		whole->depth = shape.depth > whole->depth ? shape.depth : whole->depth;
	}
	if (!record->size || end > record->size || record->size % whole->align)
		return emf_schema_bad(r, "record '%s' is smaller than what is in it", record->name);
	if (record->fixed > record->size)
		return emf_schema_bad(r, "record '%s' is cut where it does not end", record->name);
	if (record->fixed < record->size &&
	    (!record->n || !members[record->n - 1].bounded || members[record->n - 1].offset != record->fixed))
		return emf_schema_bad(r, "record '%s' is cut where no array is", record->name);
	r->n++;
	return true;
}

bool emf_schema_get_records(struct emf_schema_reader *r, const json_t *array)
{
	size_t n = emf_schema_length_of(r, array, EMF_SCHEMA_RECORDS_MAX);

	r->records = r->err ? NULL : emf_schema_allocate(r, n, sizeof(*r->records));
	r->shapes = r->err ? NULL : emf_schema_allocate(r, n, sizeof(*r->shapes));
	for (size_t i = 0; !r->err && i < n; i++)
		read_record(r, json_array_get(array, i));
	return !r->err;
}
