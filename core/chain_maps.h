/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * chain_maps.h - maps of a chain.
 */
#ifndef EMF_CORE_CHAIN_MAPS_H
#define EMF_CORE_CHAIN_MAPS_H

#include <emf/chain.h>

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

/* None of them. */
void emf_chain_maps_init(struct emf_chain_maps *maps);

/**
 * emf_chain_maps_make() - those that belong to a chain on one target
 * @maps: of the target; those that are below 0 are made, and those that do not fit any more; the slots are each generation's
 * @chain: whose entry declares them
 *
 * Return: 0, or what the kernel or libbpf reports; emf_chain_maps_close() is due in any case.
 */
int emf_chain_maps_make(struct emf_chain_maps *maps, const struct emf_chain *chain);

/**
 * emf_chain_maps_close() - those again
 * @maps: of one target
 */
void emf_chain_maps_close(struct emf_chain_maps *maps);

#endif
