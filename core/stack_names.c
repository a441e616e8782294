// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * stack_names.c - each name of a function once.
 */
#include "stack_names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* FNV-1a, Fowler, Noll, Vo */
static uint64_t hash_of(const char *name)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
	return hash;
}

/* Where it is, or where it would be. */
static uint32_t *bucket_of(const struct emf_stack_names *names, const char *name)
{
	size_t i = hash_of(name) & (names->n_buckets - 1);

	while (names->buckets[i] && strcmp(names->names[names->buckets[i] - 1], name) != 0)
		i = (i + 1) & (names->n_buckets - 1);
	return &names->buckets[i];
}

static int make_room(struct emf_stack_names *names)
{
	size_t room = names->room ? 2 * names->room : 512;
	char **grown = realloc(names->names, room * sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	names->names = grown;
	free(names->buckets);
	names->n_buckets = 2 * room;
	names->buckets = calloc(names->n_buckets, sizeof(*names->buckets));
	if (!names->buckets) {
		names->n_buckets = 0;
		return -ENOMEM;
	}
	names->room = room;
	for (size_t i = 0; i < names->n; i++)
		*bucket_of(names, names->names[i]) = (uint32_t)i + 1;
	return 0;
}

uint32_t emf_stack_names_add(struct emf_stack_names *names, const char *name)
{
	uint32_t *bucket;
	char *copy;

	if ((names->n == names->room || !names->n_buckets) && make_room(names))
		return 0;
	bucket = bucket_of(names, name);
	if (*bucket)
		return *bucket;
	copy = strdup(name);
	if (!copy)
		return 0;
	names->names[names->n++] = copy;
	return *bucket = (uint32_t)names->n;
}

void emf_stack_names_fini(struct emf_stack_names *names)
{
	while (names->n)
		free(names->names[--names->n]);
	free(names->names);
	free(names->buckets);
	*names = (struct emf_stack_names){ 0 };
}
