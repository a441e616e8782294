// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * btf_held.c - what a value holds that belongs to a program, and not to the map.
 */
#include <string.h>

#include "btf_same.h"

#define DEPTH_MAX 16 /* of structs in structs */

static const char *held_in(const struct btf *btf, __u32 id, int depth);

static const char *held_by_struct(const struct btf *btf, const struct btf_type *t, int depth)
{
	const char *name = btf__name_by_offset(btf, t->name_off), *held = NULL;

	/* Its callback is a function of the program that set it, which would go on to run. */
	if (!strcmp(name, "bpf_timer") || !strcmp(name, "bpf_wq") || !strcmp(name, "bpf_task_work"))
		return name;
	if (!strcmp(name, "bpf_list_head") || !strcmp(name, "bpf_rb_root"))
		return name;
	for (__u16 i = 0; i < btf_vlen(t) && !held; i++)
		held = held_in(btf, btf_members(t)[i].type, depth + 1);
	return held;
}

static const char *held_in(const struct btf *btf, __u32 id, int depth)
{
	const struct btf_type *t = btf__type_by_id(btf, id), *tag;
	const char *held = NULL;

	if (!t || depth == DEPTH_MAX)
		return NULL;
	if (btf_is_mod(t) || btf_is_typedef(t) || btf_kind(t) == BTF_KIND_TYPE_TAG || btf_kind(t) == BTF_KIND_VAR)
		return held_in(btf, t->type, depth + 1);
	if (btf_is_composite(t))
		return held_by_struct(btf, t, depth);
	if (btf_is_array(t))
		return held_in(btf, btf_array(t)->type, depth + 1);
	if (btf_is_ptr(t)) {
		tag = btf__type_by_id(btf, t->type);
		return tag && btf_kind(tag) == BTF_KIND_TYPE_TAG && strstr(btf__name_by_offset(btf, tag->name_off), "kptr") ? "a kptr" : NULL;
	}
	if (!btf_is_datasec(t))
		return NULL;
	for (__u16 i = 0; i < btf_vlen(t) && !held; i++)
		held = held_in(btf, btf_var_secinfos(t)[i].type, depth + 1);
	return held;
}

const char *emf_btf_held(const struct btf *btf, __u32 id)
{
	return held_in(btf, id, 0);
}
