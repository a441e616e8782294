/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * chain_object.h - one program of a chain, loaded for its place.
 */
#ifndef EMF_CORE_CHAIN_OBJECT_H
#define EMF_CORE_CHAIN_OBJECT_H

#include <emf/chain.h>
#include <stdint.h>

#include "chain_maps.h"

struct bpf_object;

/**
 * struct emf_chain_load - what a program is loaded with
 * @chain: that it is part of
 * @pack: the compiled object
 * @program: the one that is loaded; all others are left out
 * @maps: of the chain
 * @from: the module's own object, whose maps and constants it gets; NULL of an entry
 * @constants: what it knows of itself
 * @flags: of the program: BPF_F_XDP_HAS_FRAGS, or 0
 */
struct emf_chain_load {
	const struct emf_chain *chain;
	const struct emf_pack *pack;
	const char *program;
	const struct emf_chain_maps *maps;
	const struct bpf_object *from;
	const int32_t *constants;
	uint32_t flags;
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
