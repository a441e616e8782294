// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * rodata.c - constants of a kernel part that the core writes itself.
 */
#include "rodata.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <string.h>

#include "btf_same.h"

#define SECTION ".rodata"

/* libbpf calls it "OBJECT.rodata", of a name that it cuts. */
static char *values(const struct bpf_object *object, size_t *size)
{
	const struct bpf_map *map;

	bpf_object__for_each_map(map, object) {
		const char *dot = strstr(bpf_map__name(map), SECTION);

		if (dot && !dot[strlen(SECTION)])
			return (char *)bpf_map__initial_value((struct bpf_map *)map, size);
	}
	return NULL;
}

void *emf_rodata_find(const struct bpf_object *object, const char *name, size_t size)
{
	const struct btf *btf = bpf_object__btf(object);
	int id = btf ? btf__find_by_name_kind(btf, SECTION, BTF_KIND_DATASEC) : -1;
	const struct btf_var_secinfo *place = id > 0 ? emf_btf_variable(btf, btf__type_by_id(btf, (__u32)id), name) : NULL;
	size_t all = 0;
	char *data = place ? values(object, &all) : NULL;

	return data && place->size == size && place->offset + size <= all ? data + place->offset : NULL;
}
