// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * map.c - maps for user parts. An emf_map is libbpf's bpf_map here; another
 * engine will have its own.
 */
#include <assert.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>

#include <emf/map.h>

#include "core.h"

static const struct bpf_map *to_bpf(const struct emf_map *map)
{
	return (const struct bpf_map *)map;
}

struct emf_map *emf_map_get(const struct module *m, const char *name)
{
	if (!m->unit || !m->unit->object.head)
		return NULL;
	return (struct emf_map *)bpf_object__find_map_by_name(m->unit->object.head->obj, name);
}

struct emf_map *emf_map_at(const struct module *m, unsigned int index)
{
	const struct bpf_object_skeleton *skeleton;
	const struct bpf_map_skeleton *map;

	if (!m->unit || !m->unit->object.head)
		return NULL;
	skeleton = m->unit->object.head->skeleton; /* NULL where no user part can ask */
	if (!skeleton || index >= (unsigned int)skeleton->map_cnt)
		return NULL;
	/* The module may have been compiled with another libbpf, and larger entries. */
	map = (const void *)((const char *)skeleton->maps + index * (size_t)skeleton->map_skel_sz);
	return (struct emf_map *)*map->map;
}

int emf_map_lookup(const struct emf_map *map, const void *key, void *value)
{
	return bpf_map_lookup_elem(bpf_map__fd(to_bpf(map)), key, value);
}

int emf_map_update(const struct emf_map *map, const void *key, const void *value)
{
	return bpf_map_update_elem(bpf_map__fd(to_bpf(map)), key, value, BPF_ANY);
}

int emf_map_delete(const struct emf_map *map, const void *key)
{
	return bpf_map_delete_elem(bpf_map__fd(to_bpf(map)), key);
}

int emf_map_next(const struct emf_map *map, const void *key, void *next)
{
	return bpf_map_get_next_key(bpf_map__fd(to_bpf(map)), key, next);
}

uint32_t emf_map_max_entries(const struct emf_map *map)
{
	return map ? bpf_map__max_entries(to_bpf(map)) : 0;
}

static int cpus;

int emf_cpus_read(void)
{
	int n = libbpf_num_possible_cpus();

	if (n <= 0)
		return n ? n : -EINVAL;
	cpus = n;
	return 0;
}

int emf_cpus(void)
{
	/* A guess would be a buffer that the kernel writes beyond. */
	assert(cpus > 0);
	return cpus;
}
