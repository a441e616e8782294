// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * field.c - members of a record as text.
 */
#include "field.h"

#include <errno.h>
#include <string.h>

#include "argv.h"
#include "value_line.h"

#define DEPTH_MAX 8 /* of structs in structs; deeper ones are shown as {...} */

static void add_fields(struct emf_line *line, enum emf_form form, const struct emf_record *record, const char *data, int depth);

int emf_field_find(const struct emf_record *record, const char *name, struct emf_field *field)
{
	uint32_t base = 0;

	for (;;) {
		size_t len = strcspn(name, "."), i = 0;
		const struct emf_member *m = record->members;

		while (i < record->n && (strncmp(m[i].name, name, len) || m[i].name[len]))
			i++;
		if (i == record->n)
			return -ENOENT;
		if (!name[len]) {
			*field = (struct emf_field){ &m[i], base };
			return 0;
		}
		if (m[i].type != EMF_STRUCT || emf_field_is_array(&m[i]))
			return -ENOENT;
		base += m[i].offset;
		record = m[i].record;
		name += len + 1;
	}
}

bool emf_field_is_array(const struct emf_member *m)
{
	return m->type != EMF_CHAR && (m->count > 1 || m->bounded);
}

static uint32_t used(const struct emf_member *m, const char *data)
{
	uint32_t n = m->count;

	if (m->bounded)
		memcpy(&n, data + m->len_offset, sizeof(n));
	return n < m->count ? n : m->count;
}

const char *emf_field_text(const struct emf_field *field, const void *data, size_t *len)
{
	const struct emf_member *m = field->member;
	const char *at = (const char *)data + field->base;
	size_t most = m->type == EMF_CHAR ? used(m, at) : m->size;

	if (emf_field_is_array(m) || (m->type != EMF_CHAR && m->type != EMF_STRING && m->type != EMF_COMM))
		return NULL;
	at += m->offset;
	*len = strnlen(at, most);
	return at;
}

static void add_element(struct emf_line *line, enum emf_form form, const struct emf_member *m, const char *at, int depth)
{
	struct emf_value_type type = emf_value_type_of(m);

	if (m->type != EMF_STRUCT) {
		emf_value_add(line, form, &type, at);
	} else if (depth == DEPTH_MAX) {
		emf_line_text(line, form == EMF_FORM_TABLE ? "{...}" : "null");
	} else {
		emf_line_char(line, '{');
		add_fields(line, form, m->record, at, depth + 1);
		emf_line_char(line, '}');
	}
}

static void add_value(struct emf_line *line, enum emf_form form, const struct emf_member *m, const char *data, int depth)
{
	const struct emf_field field = { m, 0 };
	size_t len;
	const char *text = emf_field_text(&field, data, &len);

	if (text) {
		/* Of what has a length a program sees all; a person does not see the NULs at its end. */
		if (m->bounded)
			len = used(m, data);
		while (form == EMF_FORM_TABLE && len && !text[len - 1])
			len--;
		emf_text_add(line, form, text, len);
		return;
	}
	if (!emf_field_is_array(m)) {
		add_element(line, form, m, data + m->offset, depth);
		return;
	}
	if (m->type == EMF_ARGV) {
		emf_argv_add(line, form, data + m->offset, used(m, data));
		return;
	}
	emf_line_char(line, '[');
	for (uint32_t i = 0, n = used(m, data); i < n && !line->cut; i++) {
		if (i)
			emf_line_char(line, ',');
		add_element(line, form, m, data + m->offset + (size_t)i * m->size, depth);
	}
	emf_line_char(line, ']');
}

static void add_fields(struct emf_line *line, enum emf_form form, const struct emf_record *record, const char *data, int depth)
{
	bool json = form == EMF_FORM_JSON;

	for (size_t i = 0; i < record->n && !line->cut; i++) {
		if (i)
			emf_line_char(line, json ? ',' : ' ');
		if (json)
			emf_line_char(line, '"');
		emf_line_text(line, record->members[i].name);
		emf_line_text(line, json ? "\":" : "=");
		add_value(line, form, &record->members[i], data, depth);
	}
}

void emf_field_add(struct emf_line *line, enum emf_form form, const struct emf_member *member, const void *data)
{
	add_value(line, form, member, data, 0);
}

void emf_fields_add(struct emf_line *line, enum emf_form form, const struct emf_record *record, const void *data)
{
	add_fields(line, form, record, data, 0);
}
