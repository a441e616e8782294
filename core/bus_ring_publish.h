/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * bus_ring_publish.h - signals of a high rate move from sockets to a ring that all
 * subscribers read. A ring is shared by those who may hear everything in it: it has
 * signals of one access level, and nobody in it is forbidden one of them.
 */
#ifndef EMF_CORE_BUS_RING_PUBLISH_H
#define EMF_CORE_BUS_RING_PUBLISH_H

#include <emf/loop.h>

#include "bus_ring.h"
#include "bus_wire.h"

struct ebus_peer;
struct ebus_received;
struct ebus_ring;
struct ebus_sent_signal;

/* Those of this process. */
struct ebus_rings {
	struct emf_loop *loop;
	struct emf_timer pace;
	struct ebus_ring *rings[EBUS_RINGS_MAX];
};

/* What a subscription gets by a ring. */
struct ebus_by_ring {
	struct ebus_ring *ring; /* NULL: it gets nothing so */
	unsigned int slot;
	bool announced; /* the other side was told, behind all that went through the socket */
	uint64_t at, from; /* where it begins: position, and number of the slot's record */
};

void ebus_rings_init(struct ebus_rings *rings, struct emf_loop *loop);

/* After the peers have gone. */
void ebus_rings_fini(struct ebus_rings *rings);

/* Once per turn, before peers are flushed: tells readers that there is something. */
void ebus_rings_turn(struct ebus_rings *rings);

/* The rules have changed: rings end that somebody may not read any more. */
void ebus_rings_ask_anew(struct ebus_rings *rings);

/*
 * ebus_ring_join() - from now on a subscription gets its signals by a ring
 *
 * Return: 0; -EACCES if it may not hear all of any ring that there is, and there is room for none
 * more; -EMSGSIZE for records that are not for a ring; or as ebus_ring_create().
 */
int ebus_ring_join(struct ebus_sent_signal *s);

/* Tells the other side, once all that came before it is in the socket. */
void ebus_ring_announce(struct ebus_sent_signal *s);

/* By socket again, or not at all any more. */
void ebus_ring_leave(struct ebus_sent_signal *s);

/* How many were written for it. */
uint64_t ebus_ring_seen(const struct ebus_sent_signal *s);

/* Frames of a reader. */
int ebus_peer_on_read(struct ebus_peer *peer, struct ebus_received *r);

#endif
