/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * emf/map.h - maps of a module's kernel part, whichever engine runs it.
 */
#ifndef EMF_MAP_H
#define EMF_MAP_H

#include <emf/module.h>
#include <emf/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct emf_map;

/**
 * struct emf_shared_map - a map that a module exports, or imports from another one
 * @map: its name in the kernel part; NULL ends a table
 * @from: the module that exports it; NULL if this one does
 * @layout: hash of what the bytes of its key and its value mean; equal on both sides
 *
 * Since: 0.1
 */
struct emf_shared_map {
	const char *map;
	const char *from;
	uint64_t layout;
};

/* An expression of nothing that compiles only if the type has so many bytes: for generated
 * accessors, which copy as many as the kernel part has in a struct of that name. */
#ifdef __cplusplus
#define EMF_SIZED(type, bytes) \
	((void)[] { static_assert(sizeof(type) == (bytes), #type " is another one than that of the kernel part"); })
#else
#define EMF_SIZED(type, bytes)                                                                                      \
	((void)sizeof(struct {                                                                                      \
		_Static_assert(sizeof(type) == (bytes), #type " is another one than that of the kernel part"); \
		char unused;                                                                                        \
	}))
#endif

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
 * emf_map_at() - a map of this module by its number
 * @m: the module
 * @index: as libbpf counts the maps of an object: those of the section .maps in
 *	their order there, from 0
 *
 * No look-up: what the generated accessors <module>_map_<map>_*() are made of, and
 * these know the numbers. Every call below takes the NULL.
 *
 * Context: loop thread, from configure on.
 * Return: the map, valid until destroy has returned, or NULL if there is none or the
 * kernel part is not open.
 * Since: 0.1
 */
EMF_API struct emf_map *emf_map_at(const struct module *m, unsigned int index);

/**
 * emf_map_lookup() - copy one value out
 * @map: the map
 * @key: of the map's key size
 * @value: of the map's value size; for a per-CPU map that size, rounded up to
 *	8 bytes, times emf_cpus()
 *
 * Context: loop thread. One system call.
 * Return: 0; -ENOENT if the key is absent; -EBADF if the map is NULL or not loaded;
 * or what bpf(2) reports.
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
 * Return: 0; -E2BIG if the map is full; -EBADF as above; or what bpf(2) reports.
 * Since: 0.1
 */
EMF_API int emf_map_update(const struct emf_map *map, const void *key, const void *value);

/**
 * emf_map_delete() - remove one key
 * @map: the map
 * @key: of the map's key size
 *
 * Context: loop thread. One system call.
 * Return: 0; -ENOENT if the key is absent; -EBADF if the map is NULL or not loaded;
 * or what bpf(2) reports.
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
 * Return: 0; -ENOENT after the last key; -EBADF as above; or what bpf(2) reports.
 * Since: 0.1
 */
EMF_API int emf_map_next(const struct emf_map *map, const void *key, void *next);

/**
 * typedef emf_map_visit - is shown one key with its value
 * @key: of the map's key size
 * @value: as emf_map_lookup() gives it: of all CPUs for a per-CPU map
 * @ctx: as given to emf_map_for_each()
 *
 * Both are valid until it returns, and may not be aligned to more than 8 bytes. It
 * may update and delete keys of the map.
 *
 * Return: 0 to go on; anything else ends the walk.
 */
typedef int emf_map_visit(const void *key, const void *value, void *ctx);

/**
 * emf_map_for_each() - visit every key with its value
 * @map: the map
 * @visit: called for each
 * @ctx: handed on to @visit
 *
 * Keys that are added or deleted meanwhile, by @visit or by others, may be missed or
 * seen again; the walk ends in any case: after as many visits as the map can hold
 * keys.
 *
 * Context: loop thread. One system call for up to 256 KiB of keys and values, where
 * the kernel and the type of the map have batches; otherwise two for each key.
 * Return: 0; what @visit returned, if that was not 0; -ENOMEM; -EBADF if the map is
 * NULL or not loaded; or what bpf(2) reports.
 * Since: 0.1
 */
EMF_API int emf_map_for_each(const struct emf_map *map, emf_map_visit *visit, void *ctx);

/**
 * struct emf_map_counters - integers side by side in a value
 * @offset: of the first one, in bytes
 * @size: of each, in bytes: 1, 2, 4 or 8
 * @count: how many
 *
 * Since: 0.1
 */
struct emf_map_counters {
	uint32_t offset;
	uint32_t size;
	uint32_t count;
};

/**
 * emf_map_sum() - add up the values that a per-CPU map has for a key
 * @map: the map; one that is not per CPU has one value
 * @key: of the map's key size
 * @sum: of the map's value size; untouched on error
 * @counters: what is added up, wrapping around at its size
 * @n: how many of these
 *
 * All that is no counter (texts, flags, pointers) has no sum, and is 0 in it. The
 * kernel goes on counting meanwhile: the values of two CPUs are not of one instant.
 *
 * Context: loop thread. One system call.
 * Return: 0; -ENOENT if the key is absent; -ENOMEM; -EINVAL for a counter outside of
 * the value; -EBADF as above; or what bpf(2) reports.
 * Since: 0.1
 */
EMF_API int emf_map_sum(const struct emf_map *map, const void *key, void *sum,
			const struct emf_map_counters *counters, size_t n);

/**
 * emf_map_max_entries() - how many keys the map can hold
 * @map: the map
 *
 * Context: loop thread.
 * Return: the number; 0 if the map is NULL.
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
