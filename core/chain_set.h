/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * chain_set.h - what the module that stands for a chain has.
 */
#ifndef EMF_CORE_CHAIN_SET_H
#define EMF_CORE_CHAIN_SET_H

#include <stddef.h>
#include <stdint.h>

struct emf_chain_choice;
struct emf_chain_instance;

struct emf_chain_set {
	struct emf_chain_instance *instances; /* one for each target */
	size_t n;
	struct emf_chain_choice *choices; /* by number */
	uint32_t flags, sample;		  /* EMF_CHAIN_FLAGS, EMF_CHAIN_SAMPLE */
};

#endif
