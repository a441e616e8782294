/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * chain_build.h - a generation: all programs of a chain, each loaded for its place.
 */
#ifndef EMF_CORE_CHAIN_BUILD_H
#define EMF_CORE_CHAIN_BUILD_H

#include "chain_object.h"
#include "chain_plan.h"

struct emf_chain_generation {
	struct emf_chain_plan plan;
	struct bpf_object *entry;
	int entry_fd;
	int slots;
	uint32_t number; /* of it, on its target */
	uint32_t flags, sample; /* EMF_CHAIN_FLAGS, EMF_CHAIN_SAMPLE */
	bool hands; /* EMF_CHAIN_HANDS */
	struct bpf_object *objects[EMF_CHAIN_PROGRAMS_MAX];
	uint32_t ids[EMF_CHAIN_PROGRAMS_MAX]; /* of the programs */
};

/**
 * emf_chain_build() - load the programs of a plan and put them into an array of their own
 * @generation: receives it, with @plan, @number, @flags, @sample and @hands filled in; take down with emf_chain_demolish()
 * @unit: the chain; its why receives a sentence
 * @maps: of the instance; that of slots is set here
 *
 * Nothing of another generation is touched.
 *
 * Return: 0, or what libbpf and the kernel report; then nothing is left.
 */
int emf_chain_build(struct emf_chain_generation *generation, struct emf_unit *unit, struct emf_chain_maps *maps);

void emf_chain_demolish(struct emf_chain_generation *generation);

#endif
