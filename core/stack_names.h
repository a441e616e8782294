/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * stack_names.h - each name of a function once, with a number.
 */
#ifndef EMF_CORE_STACK_NAMES_H
#define EMF_CORE_STACK_NAMES_H

#include <stddef.h>
#include <stdint.h>

struct emf_stack_names {
	char **names;
	size_t n, room;
	uint32_t *buckets; /* a power of two; numbers above 0, by the hash of their names */
	size_t n_buckets;
};

/* Its number, above 0; 0 without memory. */
uint32_t emf_stack_names_add(struct emf_stack_names *names, const char *name);

static inline const char *emf_stack_names_get(const struct emf_stack_names *names, uint32_t number)
{
	return names->names[number - 1];
}

void emf_stack_names_fini(struct emf_stack_names *names);

#endif
