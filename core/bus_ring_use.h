/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * bus_ring_use.h - signals of another process that come by its rings.
 */
#ifndef EMF_CORE_BUS_RING_USE_H
#define EMF_CORE_BUS_RING_USE_H

struct ebus_peer;
struct ebus_received;
struct ebus_use;

/* Delivers what has been written by now; before a frame is dealt with, since signals came before it. */
void ebus_ring_use_read(struct ebus_peer *peer);

/* A signal is not wanted any more. */
void ebus_ring_use_stop(struct ebus_use *use, unsigned int signal);

/* The connection ends. */
void ebus_ring_use_end(struct ebus_peer *peer);

/* Frames of the writer. */
int ebus_peer_on_ring(struct ebus_peer *peer, struct ebus_received *r);
int ebus_peer_on_rang(struct ebus_peer *peer, struct ebus_received *r);
int ebus_peer_on_ring_end(struct ebus_peer *peer, struct ebus_received *r);

#endif
