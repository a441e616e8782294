// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * eunomia_write_record.c - which types of a kernel part's BTF say what a record is.
 *
 * A struct that is used through pointers alone is not in BTF; then its members are named one by one, with types
 * that are there.
 */
#include <bpf/btf.h>
#include <emf/event.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "eunomia_write.h"
#include "value.h"

/* Of its name, perhaps behind that of the module, and as large. */
static int find_struct(const struct eunomia_writer *w, const struct emf_record *record)
{
	char name[160];
	int id;

	for (int with_module = 1; with_module >= 0; with_module--) {
		const struct btf_type *t;

		snprintf(name, sizeof(name), "%s%s%s", with_module ? w->m->name : "", with_module ? "_" : "", record->name);
		id = btf__find_by_name_kind(w->btf, name, BTF_KIND_STRUCT);
		t = id > 0 ? btf__type_by_id(w->btf, (uint32_t)id) : NULL;
		if (t && t->size == record->size)
			return id;
	}
	return 0;
}

static const char *name_of(const struct eunomia_writer *w, const struct btf_type *t)
{
	const char *name = t ? btf__name_by_offset(w->btf, t->name_off) : NULL;

	return name ? name : "";
}

static const struct btf_type *plain(const struct eunomia_writer *w, uint32_t id)
{
	const struct btf_type *t = btf__type_by_id(w->btf, id);

	for (int i = 0; t && i < 32 && (btf_is_mod(t) || btf_is_typedef(t)); i++)
		t = btf__type_by_id(w->btf, t->type);
	return t;
}

static bool is_text(const struct emf_member *m)
{
	return m->type == EMF_STRING || m->type == EMF_COMM || m->type == EMF_CHAR;
}

/* Whether a type of the kernel part is that of one element. A name is better than a number, and comes first in the search. */
static bool is_scalar(const struct eunomia_writer *w, const struct btf_type *t, const struct emf_member *m, uint32_t size, bool by_name)
{
	bool is_char = !strcmp(name_of(w, t), "char");

	if (!t || t->size != size)
		return false;
	if (by_name)
		return m->names && btf_is_enum(t) && btf_vlen(t) && !strcmp(btf__str_by_offset(w->btf, btf_enum(t)->name_off), m->names[0].name);
	if (!btf_is_int(t) || is_char != is_text(m))
		return false;
	return is_char || ((btf_int_encoding(t) & BTF_INT_BOOL) != 0) == (m->type == EMF_BOOL);
}

/* What prints the same sign is taken before what does not. */
static bool has_sign(const struct btf_type *t, const struct emf_member *m)
{
	return !btf_is_int(t) || is_text(m) || m->type == EMF_BOOL || ((btf_int_encoding(t) & BTF_INT_SIGNED) != 0) == emf_value_is_signed(m->type);
}

static uint32_t find_element(const struct eunomia_writer *w, const struct emf_member *m)
{
	for (int by_name = 1; by_name >= 0; by_name--)
		for (uint32_t id = 1; id < btf__type_cnt(w->btf); id++) {
			const struct btf_type *t = btf__type_by_id(w->btf, id);

			if (is_scalar(w, t, m, m->size, by_name) && has_sign(t, m))
				return id;
		}
	return 0;
}

/* Texts, and what has several numbers: an array of as many bytes. */
static uint32_t find_array(const struct eunomia_writer *w, const struct emf_member *m)
{
	uint32_t bytes = m->size * m->count;

	for (uint32_t id = 1; id < btf__type_cnt(w->btf); id++) {
		const struct btf_type *t = btf__type_by_id(w->btf, id), *element = btf_is_array(t) ? plain(w, btf_array(t)->type) : NULL;
		uint32_t size = element && btf_is_int(element) ? element->size : 0;

		if (!size || (uint64_t)size * btf_array(t)->nelems != bytes)
			continue;
		if (is_text(m) ? is_scalar(w, element, m, 1, false) : (m->count == 1 || size == m->size) && is_scalar(w, element, m, size, false))
			return id;
	}
	return 0;
}

static bool write_member(struct eunomia_writer *w, const struct emf_event_source *e, const struct emf_member *m, json_t *members)
{
	bool is_array = m->count > 1 || m->type == EMF_STRING || m->type == EMF_COMM || (m->size & (m->size - 1)) || m->size > 8;
	uint32_t id = m->type == EMF_STRUCT || m->bits ? 0 : is_array ? find_array(w, m) : find_element(w, m);

	if (!id)
		return emf_eunomia_cannot(w, "the types in its kernel part have none for %s, of what comes through %s", m->name, e->ring);
	return !json_array_append_new(members, json_pack("{s:s, s:I, s:I}", "name", m->name, "offset", (json_int_t)m->offset, "btf_type_id", (json_int_t)id));
}

struct json_t *emf_eunomia_write_record(struct eunomia_writer *w, const struct emf_event_source *e)
{
	const struct emf_record *record = e->types[0].record;
	int id = find_struct(w, record);
	json_t *members;

	if (id)
		return json_pack("{s:i}", "btf_type_id", id);
	members = json_array();
	for (size_t i = 0; i < record->n; i++)
		write_member(w, e, &record->members[i], members);
	return json_pack("{s:o}", "custom_members", members);
}
