// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * eunomia_record.c - what BTF says of a type, as a record that can be printed.
 */
#include <stdlib.h>
#include <string.h>

#include "eunomia_reader.h"

#define DEPTH_MAX 16 /* of structs in structs: less than EMF_RECORD_DEPTH_MAX */
#define MEMBERS_MAX 1024 /* of a record: package_check.c */
#define TYPEDEFS_MAX 32

/* Members of one record while they are found. */
struct members {
	struct emf_member all[MEMBERS_MAX];
	size_t n;
};

const struct btf_type *emf_eunomia_type(struct eunomia *e, uint32_t *id)
{
	const struct btf_type *t = btf__type_by_id(e->btf, *id);

	for (int i = 0; t && i < TYPEDEFS_MAX && (btf_is_mod(t) || btf_is_typedef(t)); i++) {
		*id = t->type;
		t = btf__type_by_id(e->btf, *id);
	}
	if (e->steps++ < EMF_EUNOMIA_STEPS_MAX && t && !btf_is_mod(t) && !btf_is_typedef(t))
		return t;
	emf_eunomia_fail(e, "the BTF of its kernel part has no type %u, or goes too deep", *id);
	return NULL;
}

static const char *text_at(const struct eunomia *e, uint32_t offset)
{
	const char *text = btf__name_by_offset(e->btf, offset);

	return text ? text : "";
}

static const struct emf_record *record_of(struct eunomia *e, uint32_t id, const char *name, int depth);

static struct emf_name *names_of(struct eunomia *e, const struct btf_type *t)
{
	uint16_t n = btf_vlen(t);
	struct emf_name *names = emf_eunomia_memory(e, n + 1u, sizeof(*names));

	for (uint16_t i = 0; names && i < n; i++) {
		bool is_64 = btf_is_enum64(t);

		names[i].name = text_at(e, is_64 ? btf_enum64(t)[i].name_off : btf_enum(t)[i].name_off);
		names[i].value = is_64 ? btf_enum64_value(&btf_enum64(t)[i]) : (uint64_t)(int64_t)btf_enum(t)[i].val;
	}
	return names;
}

/* Without a flavour, as CO-RE looks for it: bpf_core_essential_name_len(), libbpf. */
static const char *essential_name(struct eunomia *e, const char *name)
{
	for (size_t n = strlen(name); n-- > 1;)
		if (name[n - 1] != '_' && !strncmp(name + n, "___", 3) && name[n + 3] && name[n + 3] != '_')
			return emf_eunomia_format(e, "%.*s", (int)n, name);
	return name;
}

/*
 * Nothing says whose an enum is: that of a tool is none of the kernel's, which has other names if it has such an enum.
 * What is too much, or has no name, keeps its numbers.
 */
static const struct emf_name *names_of_kernel(struct eunomia *e, const struct btf_type *t)
{
	struct emf_kernel_enum *one = &e->enums[e->n_enums];
	struct emf_name *names;
	const char *name;

	for (size_t i = 0; i < e->n_enums; i++)
		if (e->enum_types[i] == t)
			return e->enums[i].names;
	name = essential_name(e, text_at(e, t->name_off));
	names = names_of(e, t);
	if (!names || !name || e->n_enums == EMF_PACKAGE_KERNEL_ENUMS_MAX || btf_vlen(t) > EMF_PACKAGE_KERNEL_NAMES_MAX || !emf_package_is_name(name))
		return names;
	*one = (struct emf_kernel_enum){ name, names_of(e, t), names };
	e->enum_types[e->n_enums++] = t;
	return one->built ? names : NULL;
}

static bool set_enum(struct eunomia *e, const struct btf_type *t, struct emf_member *m)
{
	m->type = EMF_ENUM;
	m->names = names_of_kernel(e, t);
	return m->names != NULL;
}

static bool set_int(struct eunomia *e, const struct btf_type *t, struct emf_member *m)
{
	bool is_signed = btf_int_encoding(t) & BTF_INT_SIGNED;

	if (btf_int_encoding(t) & BTF_INT_BOOL && t->size == 1)
		m->type = EMF_BOOL;
	else if (t->size == 1 && !strcmp(text_at(e, t->name_off), "char"))
		m->type = EMF_CHAR;
	else if (t->size == 16)
		m->type = is_signed ? EMF_S128 : EMF_U128;
	else if (t->size != 1 && t->size != 2 && t->size != 4 && t->size != 8) /* no compiler makes one */
		m->type = EMF_HEX;
	else
		m->type = (enum emf_type)((is_signed ? EMF_S8 : EMF_U8) + (t->size == 1 ? 0 : t->size == 2 ? 1 : t->size == 4 ? 2 : 3));
	return true;
}

static bool set_struct(struct eunomia *e, uint32_t id, struct emf_member *m, int depth)
{
	m->type = EMF_STRUCT;
	m->record = record_of(e, id, m->name, depth + 1);
	return m->record != NULL;
}

/* One element, once it is known how many there are. */
static bool set_element(struct eunomia *e, uint32_t id, const struct btf_type *t, struct emf_member *m, int depth)
{
	if (btf_is_ptr(t)) {
		m->size = (uint32_t)btf__pointer_size(e->btf);
		m->type = m->size == 4 ? EMF_U32 : EMF_U64;
		return true;
	}
	m->size = t->size;
	if (btf_is_int(t) && (t->size == 1 || t->size == 2 || t->size == 4 || t->size == 8 || t->size == 16))
		return set_int(e, t, m);
	if (btf_is_any_enum(t) && (t->size == 1 || t->size == 2 || t->size == 4 || t->size == 8))
		return set_enum(e, t, m);
	if (btf_is_struct(t) && t->size)
		return set_struct(e, id, m, depth);
	if (btf_is_union(t) && t->size) {
		m->type = EMF_HEX; /* nothing says which of them it is */
		return true;
	}
	return emf_eunomia_fail(e, "the member %.64s is of a type that cannot be printed", m->name);
}

static bool set_member(struct eunomia *e, const char *name, uint32_t id, uint32_t offset, struct emf_member *m, int depth)
{
	const struct btf_type *t = emf_eunomia_type(e, &id);
	uint64_t count = 1, last = 1;
	bool is_array = false;

	*m = (struct emf_member){ .name = name, .offset = offset };
	while (t && btf_is_array(t)) {
		last = btf_array(t)->nelems;
		count *= last;
		is_array = true;
		id = btf_array(t)->type;
		t = count && count <= UINT16_MAX * 16ull ? emf_eunomia_type(e, &id) : NULL;
	}
	if (!t)
		return emf_eunomia_fail(e, "the member %.64s is an array without elements, or with too many", name);
	if (!set_element(e, id, t, m, depth))
		return false;
	m->count = (uint32_t)count;
	if (m->type != EMF_CHAR || !is_array)
		return true;
	/* A text is one element; and those of 16 bytes that are called so, the name of a task. */
	m->type = last == 16 && !strcmp(name, "comm") ? EMF_COMM : EMF_STRING;
	m->size = (uint32_t)last;
	m->count = (uint32_t)(count / last);
	return true;
}

bool emf_eunomia_member(struct eunomia *e, const char *name, uint32_t id, uint32_t offset, struct emf_member *member)
{
	return set_member(e, name, id, offset, member, 0);
}

static bool add_members(struct eunomia *e, const struct btf_type *t, uint32_t base, int depth, struct members *to)
{
	for (uint16_t i = 0; i < btf_vlen(t); i++) {
		const struct btf_member *m = &btf_members(t)[i];
		uint32_t bit = btf_member_bit_offset(t, i), type = m->type;
		const char *name = text_at(e, m->name_off);
		const struct btf_type *inner = emf_eunomia_type(e, &type);

		if (!inner)
			return false;
		if (btf_member_bitfield_size(t, i) || bit % 8)
			return emf_eunomia_fail(e, "the member %.64s of %.64s is a bit-field, which is not printed", name, text_at(e, t->name_off));
		if (!*name && btf_is_struct(inner)) { /* its members are those of who has it */
			if (depth >= DEPTH_MAX || !add_members(e, inner, base + bit / 8, depth + 1, to))
				return emf_eunomia_fail(e, "%.64s goes too deep", text_at(e, t->name_off));
			continue;
		}
		if (to->n == MEMBERS_MAX)
			return emf_eunomia_fail(e, "%.64s has more than %d members", text_at(e, t->name_off), MEMBERS_MAX);
		if (!set_member(e, *name ? name : "union", m->type, base + bit / 8, &to->all[to->n++], depth))
			return false;
	}
	return true;
}

static struct emf_record *make_record(struct eunomia *e, const char *name, uint32_t size, const struct members *found)
{
	struct emf_member *members = emf_eunomia_memory(e, found->n + 1, sizeof(*members));
	struct emf_record *made = emf_eunomia_memory(e, 1, sizeof(*made));

	if (!made || !members)
		return NULL;
	memcpy(members, found->all, found->n * sizeof(*members));
	*made = (struct emf_record){ .name = name, .size = size, .fixed = size, .n = found->n, .members = members };
	return made;
}

static const struct emf_record *record_of(struct eunomia *e, uint32_t id, const char *name, int depth)
{
	const struct btf_type *t = emf_eunomia_type(e, &id);
	const char *own = t ? text_at(e, t->name_off) : "";
	const struct emf_record *made = NULL;
	struct members *found;

	if (!t)
		return NULL;
	if (e->records[id])
		return e->records[id];
	if (depth >= DEPTH_MAX) {
		emf_eunomia_fail(e, "%.64s has structs in structs that are more than %d deep", own, DEPTH_MAX);
		return NULL;
	}
	found = calloc(1, sizeof(*found));
	if (!found)
		emf_eunomia_fail(e, "out of memory");
	else if (add_members(e, t, 0, depth, found))
		made = make_record(e, *own ? own : name, t->size, found);
	free(found);
	e->records[id] = made;
	return made;
}

const struct emf_record *emf_eunomia_record(struct eunomia *e, uint32_t id, const char *name)
{
	const struct btf_type *t = emf_eunomia_type(e, &id);
	struct members *one;
	const struct emf_record *made = NULL;

	if (!t || btf_is_struct(t))
		return t ? record_of(e, id, name, 0) : NULL;
	one = calloc(1, sizeof(*one));
	one ? (void)(one->n = 1) : (void)emf_eunomia_fail(e, "out of memory");
	if (one && set_member(e, name, id, 0, &one->all[0], 0))
		made = make_record(e, name, one->all[0].size * one->all[0].count, one);
	free(one);
	return made;
}
