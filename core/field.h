/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * field.h - members of a record as text, in the forms that events are printed in.
 */
#ifndef EMF_CORE_FIELD_H
#define EMF_CORE_FIELD_H

#include <emf/type.h>

#include "line.h"

enum emf_form {
	EMF_FORM_TABLE, /* for people */
	EMF_FORM_JSON,  /* a line for each event */
	EMF_FORM_CSV,	/* RFC 4180 */
};

#define EMF_FIELD_NAME_MAX 128 /* of one in a struct of a struct, with its NUL */

/**
 * struct emf_field - a member of a record, or of a struct in it
 * @member: see there; NULL for none
 * @base: where the struct begins that has it, in bytes from the record's begin
 */
struct emf_field {
	const struct emf_member *member;
	uint32_t base;
};

/**
 * emf_field_find() - a member by its name
 * @record: that has it
 * @name: "key", or "key.saddr" of one in a struct
 * @field: receives it
 *
 * Return: 0; -ENOENT.
 */
int emf_field_find(const struct emf_record *record, const char *name, struct emf_field *field);

/* Whether it is many values; a text is one. */
bool emf_field_is_array(const struct emf_member *member);

/* The bytes of a text: of a string, a comm, an array of characters. NULL for what is none. */
const char *emf_field_text(const struct emf_field *field, const void *data, size_t *len);

/**
 * emf_field_add() - the value of a member
 * @line: receives it
 * @form: see there; in CSV without quotes around it
 * @member: see there
 * @data: where the struct that has it begins
 */
void emf_field_add(struct emf_line *line, enum emf_form form, const struct emf_member *member, const void *data);

/* All of them: "a=1 b=2", or "\"a\":1,\"b\":2". */
void emf_fields_add(struct emf_line *line, enum emf_form form, const struct emf_record *record, const void *data);

#endif
