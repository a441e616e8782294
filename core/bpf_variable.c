// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * bpf_variable.c - variables of a kernel part, and the parameters that are written to them.
 */
#include <emf/object.h>
#include <string.h>

#include "core.h"

void *emf_bpf_object_variable(const struct emf_unit *unit, const struct emf_variable *variable)
{
	const struct bpf_object *object = unit->object.head ? unit->object.head->obj : NULL;
	/* A name that begins with a dot is that of a section to libbpf. */
	struct bpf_map *map = object ? bpf_object__find_map_by_name(object, variable->section) : NULL;
	size_t size = 0;
	char *data = map ? (char *)bpf_map__initial_value(map, &size) : NULL;

	if (!data || variable->offset > size || variable->size > size - variable->offset)
		return NULL;
	return data + variable->offset;
}

/* A constant is read-only once it is loaded. */
void emf_bpf_object_set_params(struct emf_unit *unit)
{
	const struct emf_object *object = unit->m->object;

	for (const struct emf_store *s = object && unit->object.head ? object->stores : NULL; s && s->value; s++) {
		bool is_late = unit->object.loaded && (s->is_constant || s->map);
		struct bpf_map *map = s->map && !is_late ? bpf_object__find_map_by_name(unit->object.head->obj, s->map) : NULL;
		void *at = s->map || is_late ? NULL : emf_bpf_object_variable(unit, &s->variable);
		uint32_t n;

		if (at)
			memcpy(at, s->value, s->variable.size);
		if (at && s->negated)
			*(char *)at = !*(char *)at;
		if (!map)
			continue;
		memcpy(&n, s->value, sizeof(n));
		bpf_map__set_max_entries(map, n);
	}
}
