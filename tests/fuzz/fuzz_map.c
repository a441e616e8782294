// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * fuzz_map.c - the description of a service that somebody binds to: the input is it.
 */
#include "fuzz.h"

#include <string.h>

#include "bus_match.h"
#include "services.h"

static void check_map(const struct ebus_map *map)
{
	const struct ebus_service *s = map->service;

	fuzz_assert(map->n_methods <= EBUS_MEMBERS_MAX && map->n_signals <= EBUS_MEMBERS_MAX);
	for (size_t i = 0; i < map->n_methods; i++)
		fuzz_assert((map->methods[i] == EBUS_NONE) == (map->matches[i] > EBUS_PARTIAL));
	for (size_t i = 0; i < map->n_methods; i++)
		fuzz_assert(map->methods[i] == EBUS_NONE || map->methods[i] < s->n_methods);
	for (size_t i = 0; i < map->n_signals; i++)
		fuzz_assert(map->signals[i] == EBUS_NONE || map->signals[i] < s->n_signals);
	for (size_t i = 0; i < s->n_errors; i++)
		fuzz_assert(map->errors[i] == EBUS_NONE || map->errors[i] < EBUS_MEMBERS_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ebus_map *map = malloc(sizeof(*map));
	char *bytes = malloc(size ? size : 1);

	memset(map, 0xa5, sizeof(*map));
	map->service = &rich_service;
	memcpy(bytes, data, size);
	if (!ebus_map_make(map, bytes, size))
		check_map(map);
	free(bytes);
	free(map);
	return 0;
}
