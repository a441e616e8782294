/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * schema_reader.h - between the files that read a schema.
 */
#ifndef EMF_CORE_SCHEMA_READER_H
#define EMF_CORE_SCHEMA_READER_H

#include <errno.h>
#include <jansson.h>

#include "schema_read.h"

/* What else is known of a record while it is read. */
struct emf_schema_shape {
	uint32_t align, depth;
};

struct emf_schema_reader {
	struct emf_schema *schema;
	struct emf_record *records;
	struct emf_schema_shape *shapes;
	size_t n; /* records that were read */
	bool are_events;
	int err;
	char *why;
};

/* Return: false; the first reason stays. */
bool emf_schema_bad(struct emf_schema_reader *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Zero, and freed with the schema; NULL, with an error. */
void *emf_schema_allocate(struct emf_schema_reader *r, size_t n, size_t size);

bool emf_schema_get_u32(struct emf_schema_reader *r, const json_t *json, const char *key, uint32_t *to);
const char *emf_schema_copy(struct emf_schema_reader *r, const char *text);

/* NULL, with an error, for what is none. */
const char *emf_schema_get_name(struct emf_schema_reader *r, const json_t *value);

/* How many elements; 0, with an error, for what is no such array. */
size_t emf_schema_length_of(struct emf_schema_reader *r, const json_t *array, size_t most);

/* schema_read_record.c: the records that messages are made of. */
bool emf_schema_get_records(struct emf_schema_reader *r, const json_t *array);

#endif
