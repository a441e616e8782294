/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * emf/map.h - maps of a module's kernel part, whichever engine runs it.
 */
#ifndef EMF_MAP_H
#define EMF_MAP_H

#include <emf/module.h>

#ifdef __cplusplus
extern "C" {
#endif

struct emf_map;

/**
 * emf_map_get() - find a map of this module by name
 * @m: the module
 * @name: as declared in its kernel part
 *
 * A look-up by string: once, in create, not on a hot path.
 *
 * Context: loop thread, from configure on.
 * Return: the map, valid until destroy has returned, or NULL if there is none.
 * Since: 0.1
 */
EMF_API struct emf_map *emf_map_get(const struct module *m, const char *name);

/**
 * emf_map_lookup() - copy one value out
 * @map: the map
 * @key: of the map's key size
 * @value: of the map's value size; for a per-CPU map that size, rounded up to
 *	8 bytes, times emf_cpus()
 *
 * Context: loop thread. One system call.
 * Return: 0; -ENOENT if the key is absent; or what bpf(2) reports.
 * Since: 0.1
 */
EMF_API int emf_map_lookup(const struct emf_map *map, const void *key, void *value);

/**
 * emf_map_update() - set one value
 * @map: the map
 * @key: of the map's key size
 * @value: as for emf_map_lookup()
 *
 * Context: loop thread. One system call.
 * Return: 0; -E2BIG if the map is full; or what bpf(2) reports.
 * Since: 0.1
 */
EMF_API int emf_map_update(const struct emf_map *map, const void *key, const void *value);

/**
 * emf_map_delete() - remove one key
 * @map: the map
 * @key: of the map's key size
 *
 * Context: loop thread. One system call.
 * Return: 0; -ENOENT if the key is absent; or what bpf(2) reports.
 * Since: 0.1
 */
EMF_API int emf_map_delete(const struct emf_map *map, const void *key);

/**
 * emf_map_next() - walk the keys
 * @map: the map
 * @key: the key before, or NULL for the first
 * @next: of the map's key size; untouched at the end
 *
 * Keys that are added or deleted meanwhile may be missed or seen again: bound
 * the walk by the map's size.
 *
 * Context: loop thread. One system call.
 * Return: 0; -ENOENT after the last key; or what bpf(2) reports.
 * Since: 0.1
 */
EMF_API int emf_map_next(const struct emf_map *map, const void *key, void *next);

/**
 * emf_map_max_entries() - how many keys the map can hold
 * @map: the map
 *
 * Context: loop thread.
 * Return: the number.
 * Since: 0.1
 */
EMF_API uint32_t emf_map_max_entries(const struct emf_map *map);

/**
 * emf_cpus() - how many values a per-CPU map has for each key
 *
 * Context: any thread.
 * Return: the number of possible CPUs.
 * Since: 0.1
 */
EMF_API int emf_cpus(void);

#ifdef __cplusplus
}
#endif

#endif
