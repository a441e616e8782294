// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * btf_same.c - whether two types mean the same bytes.
 */
#include "btf_same.h"

#include <stdio.h>
#include <string.h>

#define DEPTH_MAX 32 /* of structs in structs; what is deeper is taken for something else */

struct pair {
	const struct btf *ours, *theirs;
	struct emf_btf_difference *difference;
};

static bool same(const struct pair *pair, __u32 our_id, __u32 their_id, const char *name, int depth);

__attribute__((format(printf, 2, 3)))
static bool differs(const struct pair *pair, const char *fmt, ...)
{
	va_list args;

	if (pair->difference) {
		va_start(args, fmt);
		vsnprintf(pair->difference->text, sizeof(pair->difference->text), fmt, args);
		va_end(args);
	}
	return false;
}

/* Without const, volatile, typedef and the like. */
static const struct btf_type *bare(const struct btf *btf, __u32 id)
{
	const struct btf_type *t = btf__type_by_id(btf, id);

	for (int i = 0; t && i < DEPTH_MAX && (btf_is_mod(t) || btf_is_typedef(t) || btf_kind(t) == BTF_KIND_TYPE_TAG); i++)
		t = btf__type_by_id(btf, t->type);
	return t;
}

static const char *member_name(const struct btf *btf, const struct btf_member *member)
{
	return btf__name_by_offset(btf, member->name_off);
}

static bool same_members(const struct pair *pair, const struct btf_type *ours, const struct btf_type *theirs, const char *name, int depth)
{
	if (ours->size != theirs->size)
		return differs(pair, "%s has %u bytes there and %u here", name, theirs->size, ours->size);
	if (btf_vlen(ours) != btf_vlen(theirs))
		return differs(pair, "%s has %u members there and %u here", name, btf_vlen(theirs), btf_vlen(ours));
	for (__u16 i = 0; i < btf_vlen(ours); i++) {
		const struct btf_member *a = &btf_members(ours)[i], *b = &btf_members(theirs)[i];
		const char *our_name = member_name(pair->ours, a), *their_name = member_name(pair->theirs, b);
		char path[80];

		if (strcmp(our_name, their_name))
			return differs(pair, "member %u of %s is %s there and %s here", i + 1u, name, their_name, our_name);
		snprintf(path, sizeof(path), "%s.%s", name, our_name);
		if (btf_member_bit_offset(ours, i) != btf_member_bit_offset(theirs, i))
			return differs(pair, "%s is at bit %u there and %u here", path, btf_member_bit_offset(theirs, i),
				       btf_member_bit_offset(ours, i));
		if (btf_member_bitfield_size(ours, i) != btf_member_bitfield_size(theirs, i))
			return differs(pair, "%s has %u bits there and %u here", path, btf_member_bitfield_size(theirs, i),
				       btf_member_bitfield_size(ours, i));
		if (!same(pair, a->type, b->type, path, depth + 1))
			return false;
	}
	return true;
}

static bool same_array(const struct pair *pair, const struct btf_type *ours, const struct btf_type *theirs, const char *name, int depth)
{
	const struct btf_array *a = btf_array(ours), *b = btf_array(theirs);

	if (a->nelems != b->nelems)
		return differs(pair, "%s has %u elements there and %u here", name, b->nelems, a->nelems);
	return same(pair, a->type, b->type, name, depth + 1);
}

static bool is_enum(const struct btf_type *t)
{
	return btf_is_enum(t) || btf_is_enum64(t);
}

static bool same(const struct pair *pair, __u32 our_id, __u32 their_id, const char *name, int depth)
{
	const struct btf_type *ours = bare(pair->ours, our_id), *theirs = bare(pair->theirs, their_id);

	if (!ours || !theirs || depth == DEPTH_MAX)
		return differs(pair, "%s has a type that cannot be read", name);
	if (btf_kind(ours) != btf_kind(theirs) && !(is_enum(ours) && is_enum(theirs)))
		return differs(pair, "%s is of another kind there than here", name);
	switch (btf_kind(ours)) {
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return same_members(pair, ours, theirs, name, depth);
	case BTF_KIND_ARRAY:
		return same_array(pair, ours, theirs, name, depth);
	case BTF_KIND_INT:
		if (btf_int_encoding(ours) != btf_int_encoding(theirs))
			return differs(pair, "%s is %s there and %s here", name, btf_int_encoding(theirs) & BTF_INT_SIGNED ? "signed" : "unsigned",
				       btf_int_encoding(ours) & BTF_INT_SIGNED ? "signed" : "unsigned");
		break;
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
	case BTF_KIND_FLOAT:
		break;
	default: /* a pointer, or void */
		return true;
	}
	if (ours->size != theirs->size)
		return differs(pair, "%s has %u bytes there and %u here", name, theirs->size, ours->size);
	return true;
}

bool emf_btf_same(const struct btf *ours, __u32 our_id, const struct btf *theirs, __u32 their_id, const char *name,
		  struct emf_btf_difference *difference)
{
	const struct pair pair = { ours, theirs, difference };

	return same(&pair, our_id, their_id, name, 0);
}

const struct btf_var_secinfo *emf_btf_variable(const struct btf *btf, const struct btf_type *section, const char *name)
{
	for (__u16 i = 0; i < btf_vlen(section); i++) {
		const struct btf_var_secinfo *place = &btf_var_secinfos(section)[i];
		const struct btf_type *variable = btf__type_by_id(btf, place->type);

		if (variable && !strcmp(btf__name_by_offset(btf, variable->name_off), name))
			return place;
	}
	return NULL;
}
