// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * btf_check.c - whether types that came with a file can be walked.
 */
#include "btf_check.h"

#include <bpf/btf.h>
#include <stdint.h>
#include <stdlib.h>

#define MEMBERS_MAX 65536 /* of a type; the largest of a kernel has some thousand */
#define HOPS_MAX 32 /* of typedefs, modifiers, arrays and structs in each other; libbpf's MAX_RESOLVE_DEPTH */

static bool has_name(const struct btf *btf, uint32_t offset)
{
	return btf__name_by_offset(btf, offset) != NULL;
}

static bool has_type(const struct btf *btf, uint32_t id)
{
	return id < btf__type_cnt(btf);
}

static bool are_members_sound(const struct btf *btf, const struct btf_type *t)
{
	for (uint16_t i = 0; i < btf_vlen(t); i++)
		if (!has_name(btf, btf_members(t)[i].name_off) || !has_type(btf, btf_members(t)[i].type))
			return false;
	return true;
}

static bool are_values_sound(const struct btf *btf, const struct btf_type *t)
{
	for (uint16_t i = 0; i < btf_vlen(t); i++)
		if (!has_name(btf, btf_is_enum64(t) ? btf_enum64(t)[i].name_off : btf_enum(t)[i].name_off))
			return false;
	return true;
}

static bool are_arguments_sound(const struct btf *btf, const struct btf_type *t)
{
	for (uint16_t i = 0; i < btf_vlen(t); i++)
		if (!has_name(btf, btf_params(t)[i].name_off) || !has_type(btf, btf_params(t)[i].type))
			return false;
	return has_type(btf, t->type);
}

static bool is_type_sound(const struct btf *btf, const struct btf_type *t)
{
	switch (btf_kind(t)) {
	case BTF_KIND_INT:
	case BTF_KIND_FLOAT:
	case BTF_KIND_FWD:
		return true;
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return are_members_sound(btf, t);
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		return are_values_sound(btf, t);
	case BTF_KIND_FUNC_PROTO:
		return are_arguments_sound(btf, t);
	case BTF_KIND_ARRAY:
		return has_type(btf, btf_array(t)->type) && has_type(btf, btf_array(t)->index_type);
	case BTF_KIND_PTR:
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_CONST:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_TYPE_TAG:
		return has_type(btf, t->type);
	default:
		return false; /* none that is kept of a kernel's, see btf_keep_make.c */
	}
}

/* From one to the next until something has a size of its own; an array has that of its element. */
static bool has_end(const struct btf *btf, uint32_t id)
{
	for (int hops = 0; hops < HOPS_MAX; hops++) {
		const struct btf_type *t = btf__type_by_id(btf, id);

		if (btf_is_array(t))
			id = btf_array(t)->type;
		else if (btf_is_mod(t) || btf_is_typedef(t) || btf_is_ptr(t))
			id = t->type;
		else
			return true;
	}
	return false;
}

/* The struct or union that a member without a name is; 0 if it is none. An empty name is none, wherever it stands, as for libbpf. */
static uint32_t anonymous(const struct btf *btf, const struct btf_member *member)
{
	uint32_t id = *btf__name_by_offset(btf, member->name_off) ? 0 : member->type;
	const struct btf_type *t = btf__type_by_id(btf, id);

	while (id && (btf_is_mod(t) || btf_is_typedef(t))) {
		id = t->type;
		t = btf__type_by_id(btf, id);
	}
	return id && btf_is_composite(t) ? id : 0;
}

/*
 * libbpf looks for a member in those without a name, too, and in theirs, each time anew: a few such types that have each other
 * twice are more than it comes to the end of.
 */
static uint32_t members_within(const struct btf *btf, uint32_t id, uint32_t *known, int depth)
{
	const struct btf_type *t = btf__type_by_id(btf, id);
	uint32_t n = btf_vlen(t);

	if (known[id])
		return known[id];
	if (depth == HOPS_MAX)
		return MEMBERS_MAX + 1;
	for (uint16_t i = 0; i < btf_vlen(t) && n <= MEMBERS_MAX; i++) {
		uint32_t inner = anonymous(btf, &btf_members(t)[i]);

		n += inner ? members_within(btf, inner, known, depth + 1) : 0;
	}
	known[id] = n;
	return n;
}

static bool is_searched_in_time(const struct btf *btf)
{
	uint32_t *known = calloc(btf__type_cnt(btf), sizeof(*known));
	bool is = known != NULL;

	for (uint32_t id = 1; is && id < btf__type_cnt(btf); id++)
		if (btf_is_composite(btf__type_by_id(btf, id)))
			is = members_within(btf, id, known, 0) <= MEMBERS_MAX;
	free(known);
	return is;
}

bool emf_btf_is_sound(const struct btf *btf)
{
	for (uint32_t id = 1; id < btf__type_cnt(btf); id++) {
		const struct btf_type *t = btf__type_by_id(btf, id);

		if ((uintptr_t)t % _Alignof(struct btf_type)) /* the file says where they begin */
			return false;
		if (!has_name(btf, t->name_off) || !is_type_sound(btf, t))
			return false;
	}
	for (uint32_t id = 1; id < btf__type_cnt(btf); id++)
		if (!has_end(btf, id))
			return false;
	return is_searched_in_time(btf);
}
