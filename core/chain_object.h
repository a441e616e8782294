/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * chain_object.h - one program of a chain, loaded for its place.
 */
#ifndef EMF_CORE_CHAIN_OBJECT_H
#define EMF_CORE_CHAIN_OBJECT_H

#include <emf/chain.h>
#include <emf/chain_types.h>
#include <stdint.h>

struct bpf_object;

/* Maps of a chain that all its programs share. */
enum emf_chain_map {
	EMF_CHAIN_MAP_SLOTS, /* of a generation; all others of the chain on one target */
	EMF_CHAIN_MAP_CPU,
	EMF_CHAIN_MAP_STATES,
	EMF_CHAIN_MAP_COUNTS,
	EMF_CHAIN_MAP_TRACES,
	EMF_CHAIN_MAPS_MAX,
};

/* What is behind "<chain>_" in their names. */
extern const char *const emf_chain_map_names[EMF_CHAIN_MAPS_MAX];

struct emf_chain_maps {
	int fds[EMF_CHAIN_MAPS_MAX];
};

/**
 * struct emf_chain_load - what a program is loaded with
 * @chain: that it is part of
 * @bytes: the compiled object
 * @size: of it
 * @program: the one that is loaded; all others are left out
 * @maps: of the chain
 * @from: the module's own object, whose maps and constants it gets; NULL of an entry
 * @self: what it knows of itself
 * @slot_places: of each slot, likewise
 */
struct emf_chain_load {
	const struct emf_chain *chain;
	const void *bytes;
	size_t size;
	const char *program;
	const struct emf_chain_maps *maps;
	const struct bpf_object *from;
	struct emf_chain_self self;
	const uint32_t *slot_places;
};

/**
 * emf_chain_object_load() - open and load it
 * @load: see there
 * @object: receives it; close with bpf_object__close()
 * @fd: receives the program, which is the object's
 *
 * Return: 0, or what libbpf reports.
 */
int emf_chain_object_load(const struct emf_chain_load *load, struct bpf_object **object, int *fd);

#endif
