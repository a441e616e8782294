/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * series.h - the series of a metric: numbers under the bytes of its labels. All memory is
 * taken at the beginning, and used when it is needed.
 */
#ifndef EMF_CORE_SERIES_H
#define EMF_CORE_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct emf_series - all of one metric
 * @key_bytes: of the labels of one
 * @width: numbers that each has
 * @max: of them
 * @n: in use
 * @keys: @max times @key_bytes
 * @values: @max + 1 times @width; the last ones are of what is beyond @max
 * @seen: of each, the turn that it was last asked for in
 * @turn: see emf_series_begin()
 * @index: by hash, the number of a series and 1; 0 for none
 * @slots: of @index, a power of two
 * @overflow: how often something was beyond @max
 */
struct emf_series {
	size_t key_bytes, width;
	uint32_t max, n;
	unsigned char *keys;
	uint64_t *values;
	uint32_t *seen;
	uint32_t turn;
	uint32_t *index;
	uint32_t slots;
	uint64_t overflow;
};

/* 0 or -ENOMEM. Without @key_bytes there is one series, from the beginning. */
int emf_series_init(struct emf_series *series, size_t key_bytes, size_t width, uint32_t max);
void emf_series_fini(struct emf_series *series);

/* The numbers under a key, 0 of a new one; those of all that is beyond the most where there is no more room. */
uint64_t *emf_series_of(struct emf_series *series, const void *key);

/*
 * All is read anew, and begins at 0. Who had a series keeps it: what was beyond the most
 * last time cannot change places with it, whatever the order of a walk.
 */
void emf_series_begin(struct emf_series *series);

/* Those that were not asked for since are forgotten. */
void emf_series_end(struct emf_series *series);

static inline const unsigned char *emf_series_key(const struct emf_series *series, uint32_t i)
{
	return series->keys + i * series->key_bytes;
}

/* @i up to n - 1; or max, for those beyond. */
static inline uint64_t *emf_series_values(const struct emf_series *series, uint32_t i)
{
	return series->values + i * series->width;
}

/* Whether anything is beyond the most. */
bool emf_series_has_other(const struct emf_series *series);

#endif
