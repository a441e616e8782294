// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * btf_keep.c - which types and members of the kernel's BTF are kept.
 */
#include "btf_keep.h"

#include <bpf/btf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS 16384 /* a kernel has some 40000 types with names that CO-RE looks for */
#define DEPTH 32      /* as far as libbpf follows typedefs, pointers and prototypes */
#define NESTED 64     /* members without a name in each other; BPF_CORE_SPEC_MAX_LEN of libbpf */

enum { KEPT = 1, FOLLOWED = 2, WHOLE = 4 };

static const char *name_of(const struct btf *btf, uint32_t offset)
{
	const char *name = btf__name_by_offset(btf, offset);

	return name ? name : "";
}

/* "task_struct___old" is a local flavour of task_struct: what CO-RE compares. */
static size_t essential(const char *name)
{
	for (size_t i = strlen(name); i >= 5; i--) {
		const char *s = name + i - 5;

		if (s[0] != '_' && s[1] == '_' && s[2] == '_' && s[3] == '_' && s[4] != '_')
			return i - 4;
	}
	return strlen(name);
}

/* FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv */
static uint32_t bucket(const char *name, size_t len)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (uint8_t)name[i]) * 16777619u;
	return (hash ^ hash >> 16) % BUCKETS;
}

static bool can_be_asked_for(const struct btf_type *type)
{
	switch (btf_kind(type)) {
	case BTF_KIND_INT:
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
	case BTF_KIND_FWD:
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_FLOAT:
		return type->name_off;
	default:
		return false;
	}
}

static void find_names(struct emf_btf_keep *keep)
{
	for (uint32_t id = 1; id < keep->n; id++) {
		const struct btf_type *type = btf__type_by_id(keep->kernel, id);
		const char *name;
		uint32_t b;

		if (!can_be_asked_for(type))
			continue;
		name = name_of(keep->kernel, type->name_off);
		b = bucket(name, essential(name));
		keep->next[id] = keep->buckets[b];
		keep->buckets[b] = id;
		/* libbpf learns from it how long a pointer is. */
		if (btf_is_int(type) && !strcmp(name, "long unsigned int"))
			keep->marks[id] |= KEPT;
	}
}

int emf_btf_keep_init(struct emf_btf_keep *keep, const struct btf *kernel)
{
	uint32_t n_members = 0;

	keep->kernel = kernel;
	keep->n = btf__type_cnt(kernel);
	keep->marks = calloc(keep->n, sizeof(*keep->marks));
	keep->first = calloc(keep->n, sizeof(*keep->first));
	keep->next = calloc(keep->n, sizeof(*keep->next));
	keep->buckets = calloc(BUCKETS, sizeof(*keep->buckets));
	if (!keep->marks || !keep->first || !keep->next || !keep->buckets)
		return -ENOMEM;
	for (uint32_t id = 1; id < keep->n; id++) {
		const struct btf_type *type = btf__type_by_id(kernel, id);

		keep->first[id] = n_members;
		n_members += btf_is_composite(type) ? btf_vlen(type) : 0;
	}
	keep->members = calloc(n_members + 1, sizeof(*keep->members));
	if (!keep->members)
		return -ENOMEM;
	find_names(keep);
	return 0;
}

void emf_btf_keep_fini(struct emf_btf_keep *keep)
{
	free(keep->marks);
	free(keep->first);
	free(keep->next);
	free(keep->buckets);
	free(keep->members);
	*keep = (struct emf_btf_keep){ 0 };
}

const struct btf_type *emf_btf_plain(const struct btf *btf, uint32_t *id)
{
	const struct btf_type *type = btf__type_by_id(btf, *id);

	for (int i = 0; type && i < DEPTH && (btf_is_mod(type) || btf_is_typedef(type)); i++) {
		*id = type->type;
		type = btf__type_by_id(btf, *id);
	}
	return type;
}

static bool is_same_kind(const struct btf_type *a, const struct btf_type *b)
{
	return btf_kind(a) == btf_kind(b) || (btf_is_any_enum(a) && btf_is_any_enum(b));
}

uint32_t emf_btf_candidate(const struct emf_btf_keep *keep, const struct btf_type *type, const char *name, uint32_t last)
{
	size_t len = essential(name);
	uint32_t id = last ? keep->next[last] : keep->buckets[bucket(name, len)];

	for (; id; id = keep->next[id]) {
		const struct btf_type *candidate = btf__type_by_id(keep->kernel, id);
		const char *its = name_of(keep->kernel, candidate->name_off);

		if (is_same_kind(candidate, type) && essential(its) == len && !strncmp(its, name, len))
			break;
	}
	return id;
}

static void keep_type(struct emf_btf_keep *keep, uint32_t id, bool follows, int depth)
{
	uint8_t wanted = KEPT | (follows ? FOLLOWED : 0);

	while (id && id < keep->n && depth-- > 0 && (keep->marks[id] & wanted) != wanted) {
		const struct btf_type *type = btf__type_by_id(keep->kernel, id);

		keep->marks[id] |= wanted;
		if (btf_is_ptr(type) && !follows)
			return;
		if (btf_is_array(type)) {
			keep_type(keep, btf_array(type)->index_type, false, depth);
			id = btf_array(type)->type;
		} else if (btf_is_func_proto(type)) {
			for (unsigned int i = 0; i < btf_vlen(type) && follows; i++)
				keep_type(keep, btf_params(type)[i].type, follows, depth);
			id = type->type;
		} else if (btf_is_ptr(type) || btf_is_mod(type) || btf_is_typedef(type)) {
			id = type->type;
		} else {
			return;
		}
	}
}

void emf_btf_keep_type(struct emf_btf_keep *keep, uint32_t id, bool follows)
{
	keep_type(keep, id, follows, DEPTH);
}

static void mark_member(struct emf_btf_keep *keep, uint32_t id, const struct btf_type *type, unsigned int i)
{
	uint32_t plain = btf_members(type)[i].type;
	const struct btf_type *of;

	keep->members[keep->first[id] + i] = 1;
	keep_type(keep, plain, false, DEPTH);
	of = emf_btf_plain(keep->kernel, &plain);
	/* An array of no elements may have any number of them if it is the last member: so it may not become that. */
	if (of && btf_is_array(of) && !btf_array(of)->nelems && i + 1u < btf_vlen(type)) {
		keep->members[keep->first[id] + btf_vlen(type) - 1] = 1;
		keep_type(keep, btf_members(type)[btf_vlen(type) - 1].type, false, DEPTH);
	}
}

/* The depth counts types in each other, and prototypes of prototypes. */
static void keep_whole(struct emf_btf_keep *keep, uint32_t id, bool is_behind_pointer, int depth)
{
	for (; id && id < keep->n && depth > 0; depth--) {
		const struct btf_type *type = btf__type_by_id(keep->kernel, id);

		keep->marks[id] |= KEPT;
		if (btf_is_composite(type)) {
			if (is_behind_pointer || keep->marks[id] & WHOLE)
				return;
			keep->marks[id] |= WHOLE;
			for (unsigned int i = 0; i < btf_vlen(type); i++) {
				mark_member(keep, id, type, i);
				keep_whole(keep, btf_members(type)[i].type, false, depth - 1);
			}
			return;
		}
		if (btf_is_func_proto(type))
			for (unsigned int i = 0; i < btf_vlen(type); i++)
				keep_whole(keep, btf_params(type)[i].type, is_behind_pointer, depth - 1);
		if (btf_is_array(type))
			id = btf_array(type)->type;
		else if (btf_is_func_proto(type) || btf_is_ptr(type) || btf_is_mod(type) || btf_is_typedef(type))
			id = type->type;
		else
			return;
		is_behind_pointer |= btf_is_ptr(type);
	}
}

void emf_btf_keep_whole(struct emf_btf_keep *keep, uint32_t id, bool is_behind_pointer)
{
	keep_whole(keep, id, is_behind_pointer, DEPTH);
}

static bool keep_member(struct emf_btf_keep *keep, uint32_t id, const char *name, uint32_t *found, int depth)
{
	const struct btf_type *type = emf_btf_plain(keep->kernel, &id);

	if (!type || !btf_is_composite(type) || !depth)
		return false;
	for (unsigned int i = 0; i < btf_vlen(type); i++) {
		const struct btf_member *member = &btf_members(type)[i];
		const char *its = name_of(keep->kernel, member->name_off);

		if (*its ? strcmp(its, name) : !keep_member(keep, member->type, name, found, depth - 1))
			continue;
		mark_member(keep, id, type, i);
		if (*its)
			*found = member->type;
		return true;
	}
	return false;
}

bool emf_btf_keep_member(struct emf_btf_keep *keep, uint32_t id, const char *name, uint32_t *type)
{
	return keep_member(keep, id, name, type, NESTED);
}
