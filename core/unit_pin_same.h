/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * unit_pin_same.h - whether a map that is there means what a new one would.
 */
#ifndef EMF_CORE_UNIT_PIN_SAME_H
#define EMF_CORE_UNIT_PIN_SAME_H

#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <stdbool.h>

#include "btf_same.h"

/* A map that is there, with what the kernel knows of its types. */
struct emf_there {
	int fd;
	struct bpf_map_info info;
	struct btf *btf; /* NULL without types */
};

/* Of the map of @there->fd. 0 or a negative errno; the types are the caller's to free. */
int emf_there_look(struct emf_there *there);

/* The variable of a section that lies at @place, or NULL where a file says that it is something else. */
const struct btf_type *emf_there_variable(const struct btf *btf, const struct btf_var_secinfo *place);

/* Whether a map of this name has global variables. */
bool emf_there_is_section(const char *name);

/* Whether all of it means the same; or what differs. */
bool emf_there_is_same(const struct bpf_object *object, const struct bpf_map *map, const struct emf_there *there, struct emf_btf_difference *d);

/* Whether a module that runs can hand it over: nothing in it is its programs' own, and variables have the types that they had. */
bool emf_there_can_be_had(const struct bpf_object *object, const struct bpf_map *map, const struct emf_there *there, struct emf_btf_difference *d);

#endif
