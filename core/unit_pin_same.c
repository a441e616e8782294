// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * unit_pin_same.c - whether a map that is there means what a new one would.
 */
#include "unit_pin_same.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

bool emf_there_is_section(const char *name)
{
	return strstr(name, ".data") || strstr(name, ".bss");
}

int emf_there_look(struct emf_there *there)
{
	__u32 size = sizeof(there->info);

	there->info = (struct bpf_map_info){ 0 };
	there->btf = NULL;
	if (bpf_obj_get_info_by_fd(there->fd, &there->info, &size))
		return -errno;
	if (there->info.btf_id && there->info.btf_value_type_id)
		there->btf = btf__load_from_kernel_by_id(there->info.btf_id);
	return 0;
}

const struct btf_type *emf_there_variable(const struct btf *btf, const struct btf_var_secinfo *place)
{
	const struct btf_type *variable = btf__type_by_id(btf, place->type);

	return variable && btf_is_var(variable) ? variable : NULL;
}

static bool differs_in(struct emf_btf_difference *d, const char *what, __u32 theirs, __u32 ours)
{
	if (theirs != ours)
		snprintf(d->text, sizeof(d->text), "%s is %u there and %u here", what, theirs, ours);
	return theirs != ours;
}

static bool same_types(const struct bpf_object *object, const struct bpf_map *map, const struct emf_there *there, struct emf_btf_difference *d)
{
	const struct btf *btf = bpf_object__btf(object);
	__u32 key = bpf_map__btf_key_type_id(map), value = bpf_map__btf_value_type_id(map);

	if (!btf || !value || !there->btf)
		return true;
	if (key && there->info.btf_key_type_id && !emf_btf_same(btf, key, there->btf, there->info.btf_key_type_id, "the key", d))
		return false;
	return emf_btf_same(btf, value, there->btf, there->info.btf_value_type_id, "the value", d);
}

static bool same_section(const struct bpf_object *object, const struct bpf_map *map, const struct emf_there *there)
{
	const struct btf *btf = bpf_object__btf(object);
	const struct btf_type *ours = btf ? btf__type_by_id(btf, bpf_map__btf_value_type_id(map)) : NULL;
	const struct btf_type *theirs = there->btf ? btf__type_by_id(there->btf, there->info.btf_value_type_id) : NULL;

	if (!ours || !theirs || !btf_is_datasec(ours) || !btf_is_datasec(theirs) || btf_vlen(ours) != btf_vlen(theirs))
		return !ours && !theirs;
	for (__u16 i = 0; i < btf_vlen(ours); i++) {
		const struct btf_var_secinfo *place = &btf_var_secinfos(ours)[i], *other;
		const struct btf_type *variable = emf_there_variable(btf, place);

		if (!variable)
			return false;
		other = emf_btf_variable(there->btf, theirs, btf__name_by_offset(btf, variable->name_off));
		if (!other || other->offset != place->offset ||
		    !emf_btf_same(btf, variable->type, there->btf, btf__type_by_id(there->btf, other->type)->type, "", NULL))
			return false;
	}
	return true;
}

bool emf_there_is_same(const struct bpf_object *object, const struct bpf_map *map, const struct emf_there *there, struct emf_btf_difference *d)
{
	__u32 entries = bpf_map__max_entries(map);

	if (differs_in(d, "its type", there->info.type, bpf_map__type(map)) ||
	    differs_in(d, "the size of its keys", there->info.key_size, bpf_map__key_size(map)) ||
	    differs_in(d, "the size of its values", there->info.value_size, bpf_map__value_size(map)) ||
	    differs_in(d, "map_flags", there->info.map_flags, bpf_map__map_flags(map)))
		return false;
	/* 0: as many as the machine has, which libbpf finds out when it loads. */
	if (entries && differs_in(d, "max_entries", there->info.max_entries, entries))
		return false;
	return emf_there_is_section(bpf_map__name(map)) ? same_section(object, map, there) : same_types(object, map, there, d);
}

bool emf_there_can_be_had(const struct bpf_object *object, const struct bpf_map *map, const struct emf_there *there, struct emf_btf_difference *d)
{
	const struct btf *btf = bpf_object__btf(object);
	const struct btf_type *ours = btf ? btf__type_by_id(btf, bpf_map__btf_value_type_id(map)) : NULL;
	const struct btf_type *theirs = there->btf ? btf__type_by_id(there->btf, there->info.btf_value_type_id) : NULL;
	const char *held = theirs ? emf_btf_held(there->btf, there->info.btf_value_type_id) : NULL;

	if (held)
		snprintf(d->text, sizeof(d->text), "it has %s, which belongs to the programs that go", held);
	for (__u16 i = 0; !held && ours && theirs && btf_is_datasec(ours) && btf_is_datasec(theirs) && i < btf_vlen(ours); i++) {
		const struct btf_type *variable = emf_there_variable(btf, &btf_var_secinfos(ours)[i]);
		const char *name = variable ? btf__name_by_offset(btf, variable->name_off) : NULL;
		const struct btf_var_secinfo *other = name ? emf_btf_variable(there->btf, theirs, name) : NULL;

		if (other && !emf_btf_same(btf, variable->type, there->btf, btf__type_by_id(there->btf, other->type)->type, name, d))
			return false;
	}
	return !held;
}
