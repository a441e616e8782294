// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * series.c - the series of a metric: numbers under the bytes of its labels.
 */
#include "series.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static uint32_t hash(const unsigned char *key, size_t n)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325); /* FNV-1a */

	for (size_t i = 0; i < n; i++)
		h = (h ^ key[i]) * UINT64_C(0x100000001b3);
	return (uint32_t)(h ^ h >> 32);
}

int emf_series_init(struct emf_series *series, size_t key_bytes, size_t width, uint32_t max)
{
	uint32_t most = key_bytes ? max : 1, slots = 4;

	while (slots < 2 * most)
		slots *= 2;
	*series = (struct emf_series){ .key_bytes = key_bytes, .width = width, .max = most, .slots = slots, .turn = 1 };
	series->keys = calloc(most, key_bytes ? key_bytes : 1);
	series->values = calloc(most + 1ul, width * sizeof(*series->values));
	series->seen = calloc(most, sizeof(*series->seen));
	series->index = calloc(slots, sizeof(*series->index));
	if (!series->keys || !series->values || !series->seen || !series->index) {
		emf_series_fini(series);
		return -ENOMEM;
	}
	series->n = key_bytes ? 0 : 1;
	return 0;
}

void emf_series_fini(struct emf_series *series)
{
	free(series->keys);
	free(series->values);
	free(series->seen);
	free(series->index);
	*series = (struct emf_series){ .n = 0 };
}

/* Where it is in the index, or would be. */
static uint32_t *find(const struct emf_series *series, const void *key)
{
	uint32_t at = hash(key, series->key_bytes) & (series->slots - 1);

	while (series->index[at] && memcmp(emf_series_key(series, series->index[at] - 1), key, series->key_bytes))
		at = (at + 1) & (series->slots - 1);
	return &series->index[at];
}

uint64_t *emf_series_of(struct emf_series *series, const void *key)
{
	uint32_t *at;

	if (!series->key_bytes)
		return series->values;
	at = find(series, key);
	if (!*at && series->n == series->max) {
		series->overflow++;
		return emf_series_values(series, series->max);
	}
	if (!*at) {
		memcpy(series->keys + series->n * series->key_bytes, key, series->key_bytes);
		*at = ++series->n;
	}
	series->seen[*at - 1] = series->turn;
	return emf_series_values(series, *at - 1);
}

static void clear(struct emf_series *series, uint32_t i)
{
	memset(emf_series_values(series, i), 0, series->width * sizeof(*series->values));
}

void emf_series_begin(struct emf_series *series)
{
	series->turn++;
	for (uint32_t i = 0; i < series->n; i++)
		clear(series, i);
	clear(series, series->max);
}

static void move(struct emf_series *series, uint32_t from, uint32_t to)
{
	memcpy(series->keys + to * series->key_bytes, emf_series_key(series, from), series->key_bytes);
	memcpy(emf_series_values(series, to), emf_series_values(series, from), series->width * sizeof(*series->values));
	series->seen[to] = series->seen[from];
	clear(series, from);
}

void emf_series_end(struct emf_series *series)
{
	uint32_t left = 0;

	if (!series->key_bytes)
		return;
	for (uint32_t i = 0; i < series->n; i++) {
		if (series->seen[i] != series->turn)
			continue;
		if (i != left)
			move(series, i, left);
		left++;
	}
	if (left == series->n)
		return;
	series->n = left;
	memset(series->index, 0, series->slots * sizeof(*series->index));
	for (uint32_t i = 0; i < left; i++)
		*find(series, emf_series_key(series, i)) = i + 1;
}

bool emf_series_has_other(const struct emf_series *series)
{
	const uint64_t *other = emf_series_values(series, series->max);

	for (size_t i = 0; i < series->width; i++)
		if (other[i])
			return true;
	return false;
}
