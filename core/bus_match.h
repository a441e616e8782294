/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * bus_match.h - two versions of a service: what both sides understand.
 */
#ifndef EMF_CORE_BUS_MATCH_H
#define EMF_CORE_BUS_MATCH_H

#include <emf/bus.h>

#include "bus_wire.h"

#define EBUS_NONE 0xffff /* a member that the other side does not have */

/* In bytes, of struct ebus_bind and all that follows it. */
size_t ebus_bind_size(const struct ebus_service *service);
void ebus_bind_write(const struct ebus_service *service, void *to);

/**
 * struct ebus_map - how the members of a service are numbered by who binds to it
 * @service: ours
 * @n_methods: of theirs
 * @n_signals: likewise
 * @methods: their number to ours, or EBUS_NONE
 * @signals: likewise
 * @errors: our number to theirs, or EBUS_NONE
 * @matches: enum ebus_match of each of their methods and signals
 */
struct ebus_map {
	struct ebus_service *service;
	size_t n_methods, n_signals;
	uint16_t methods[EBUS_MEMBERS_MAX];
	uint16_t signals[EBUS_MEMBERS_MAX];
	uint16_t errors[EBUS_MEMBERS_MAX];
	uint8_t matches[3 * EBUS_MEMBERS_MAX];
};

/**
 * ebus_map_make() - compare a service that somebody binds to with ours
 * @map: receives it; service is set
 * @bytes: struct ebus_bind and what follows; untrusted
 * @size: of it
 *
 * Return: 0; -EPROTO for another major version; -EBADMSG for what makes no sense.
 */
int ebus_map_make(struct ebus_map *map, const void *bytes, size_t size);

#endif
