// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * btf_keep_make.c - a BTF of the types and members that are kept, in their order.
 */
#include <bpf/btf.h>
#include <errno.h>
#include <stdlib.h>

#include "btf_keep.h"

struct made {
	const struct emf_btf_keep *keep;
	struct btf *btf;
	uint32_t *ids; /* of kept types; 0, which is void, of others */
};

static const char *name_of(const struct made *made, uint32_t offset)
{
	const char *name = btf__name_by_offset(made->keep->kernel, offset);

	return name ? name : "";
}

static int add_members(const struct made *made, uint32_t id, const struct btf_type *type)
{
	int err = 0;

	for (unsigned int i = 0; i < btf_vlen(type) && !err; i++) {
		const struct btf_member *member = &btf_members(type)[i];

		if (made->keep->members[made->keep->first[id] + i])
			err = btf__add_field(made->btf, name_of(made, member->name_off), (int)made->ids[member->type],
					     btf_member_bit_offset(type, i), btf_member_bitfield_size(type, i));
	}
	return err;
}

static int add_composite(const struct made *made, uint32_t id, const struct btf_type *type)
{
	const char *name = name_of(made, type->name_off);
	int added = btf_is_struct(type) ? btf__add_struct(made->btf, name, type->size) : btf__add_union(made->btf, name, type->size);
	int err = added < 0 ? added : add_members(made, id, type);

	return err ? err : added;
}

static int add_enum(const struct made *made, const struct btf_type *type)
{
	int added = btf__add_enum(made->btf, name_of(made, type->name_off), type->size), err = 0;

	for (unsigned int i = 0; i < btf_vlen(type) && added >= 0 && !err; i++)
		err = btf__add_enum_value(made->btf, name_of(made, btf_enum(type)[i].name_off), btf_enum(type)[i].val);
	/* Signed is also one without a value below 0, which libbpf cannot know; what it made is ours to write to. */
	if (added >= 0 && !err)
		((struct btf_type *)(uintptr_t)btf__type_by_id(made->btf, (uint32_t)added))->info = type->info;
	return err ? err : added;
}

static int add_enum64(const struct made *made, const struct btf_type *type)
{
	int added = btf__add_enum64(made->btf, name_of(made, type->name_off), type->size, btf_kflag(type)), err = 0;

	for (unsigned int i = 0; i < btf_vlen(type) && added >= 0 && !err; i++)
		err = btf__add_enum64_value(made->btf, name_of(made, btf_enum64(type)[i].name_off), btf_enum64_value(&btf_enum64(type)[i]));
	return err ? err : added;
}

static int add_prototype(const struct made *made, const struct btf_type *type)
{
	int added = btf__add_func_proto(made->btf, (int)made->ids[type->type]), err = 0;

	for (unsigned int i = 0; i < btf_vlen(type) && added >= 0 && !err; i++)
		err = btf__add_func_param(made->btf, name_of(made, btf_params(type)[i].name_off), (int)made->ids[btf_params(type)[i].type]);
	return err ? err : added;
}

static int add(const struct made *made, uint32_t id)
{
	const struct btf_type *type = btf__type_by_id(made->keep->kernel, id);
	const char *name = name_of(made, type->name_off);

	switch (btf_kind(type)) {
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return add_composite(made, id, type);
	case BTF_KIND_ENUM:
		return add_enum(made, type);
	case BTF_KIND_ENUM64:
		return add_enum64(made, type);
	case BTF_KIND_FUNC_PROTO:
		return add_prototype(made, type);
	case BTF_KIND_INT:
		return btf__add_int(made->btf, name, type->size, btf_int_encoding(type));
	case BTF_KIND_FLOAT:
		return btf__add_float(made->btf, name, type->size);
	case BTF_KIND_FWD:
		return btf__add_fwd(made->btf, name, btf_kflag(type) ? BTF_FWD_UNION : BTF_FWD_STRUCT);
	case BTF_KIND_ARRAY:
		return btf__add_array(made->btf, (int)made->ids[btf_array(type)->index_type], (int)made->ids[btf_array(type)->type],
				      btf_array(type)->nelems);
	case BTF_KIND_PTR:
		return btf__add_ptr(made->btf, (int)made->ids[type->type]);
	case BTF_KIND_TYPEDEF:
		return btf__add_typedef(made->btf, name, (int)made->ids[type->type]);
	case BTF_KIND_CONST:
		return btf__add_const(made->btf, (int)made->ids[type->type]);
	case BTF_KIND_VOLATILE:
		return btf__add_volatile(made->btf, (int)made->ids[type->type]);
	case BTF_KIND_RESTRICT:
		return btf__add_restrict(made->btf, (int)made->ids[type->type]);
	case BTF_KIND_TYPE_TAG:
		return btf__add_type_tag(made->btf, name, (int)made->ids[type->type]);
	default:
		return -EINVAL;
	}
}

static int add_all(const struct made *made)
{
	const struct emf_btf_keep *keep = made->keep;
	uint32_t n = 0;

	for (uint32_t id = 1; id < keep->n; id++)
		if (keep->marks[id])
			made->ids[id] = ++n;
	for (uint32_t id = 1; id < keep->n; id++) {
		int added = keep->marks[id] ? add(made, id) : 0;

		if (added < 0)
			return added;
		if ((uint32_t)added != made->ids[id])
			return -EINVAL;
	}
	return 0;
}

struct btf *emf_btf_keep_make(struct emf_btf_keep *keep)
{
	struct made made = { .keep = keep, .btf = btf__new_empty(), .ids = calloc(keep->n, sizeof(*made.ids)) };
	int err = made.btf && made.ids ? add_all(&made) : -ENOMEM;

	free(made.ids);
	if (!err)
		return made.btf;
	btf__free(made.btf);
	errno = -err;
	return NULL;
}
