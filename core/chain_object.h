/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * chain_object.h - one program of a chain, loaded for its place.
 */
#ifndef EMF_CORE_CHAIN_OBJECT_H
#define EMF_CORE_CHAIN_OBJECT_H

#include <emf/chain.h>
#include <stdint.h>

struct bpf_object;

/* Maps of a chain that all its programs share; -1 for one that it does not have. */
struct emf_chain_maps {
	int slots;  /* of this generation */
	int cpu;    /* of this instance, as all that follow */
	int states;
};

/**
 * struct emf_chain_load - what a program is loaded with
 * @chain: that it is part of
 * @bytes: the compiled object
 * @size: of it
 * @program: the one that is loaded; all others are left out
 * @maps: of the chain; NULL: they are made, and stay in the object
 * @from: the module's own object, whose maps and constants it gets; NULL of an entry
 * @next: place of the program behind it, from 1; 0 is none
 * @slot_places: of each slot, likewise
 */
struct emf_chain_load {
	const struct emf_chain *chain;
	const void *bytes;
	size_t size;
	const char *program;
	const struct emf_chain_maps *maps;
	const struct bpf_object *from;
	uint32_t next;
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
