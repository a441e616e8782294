/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * map_walk.h - what all CPUs have under a key as one value.
 */
#ifndef EMF_CORE_MAP_WALK_H
#define EMF_CORE_MAP_WALK_H

#include <emf/map.h>

/* Of a look-up: of all CPUs for a per-CPU map. */
size_t emf_map_values_bytes(const struct emf_map *map);

/* Adds up what is counted; @to and @from are single values. */
void emf_map_add(void *to, const void *from, const struct emf_map_counters *counters, size_t n);

/* One value of what a look-up gives: counters added up, all else from the first CPU that has something. */
void emf_map_fold(const struct emf_map *map, const void *values, void *one, const struct emf_map_counters *counters, size_t n);

#endif
