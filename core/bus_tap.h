/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * bus_tap.h - what goes between two processes, for somebody who looks on. While nobody
 * does, it costs a branch for each frame.
 */
#ifndef EMF_CORE_BUS_TAP_H
#define EMF_CORE_BUS_TAP_H

#include "bus_peer.h"

/* Told of each frame that came, before it is dealt with, and of each that was sent; NULL while nobody looks on. */
extern void (*ebus_tap)(struct ebus_peer *peer, bool is_sent, const struct ebus_frame *frame, const void *payload,
			size_t size);

static inline void ebus_peer_tap(struct ebus_peer *peer, bool is_sent, const struct ebus_frame *frame, const void *payload,
				 size_t size)
{
	if (__builtin_expect(ebus_tap != NULL, 0))
		ebus_tap(peer, is_sent, frame, payload, size);
}

/**
 * struct ebus_seen - a frame, in words
 * @service: name; never NULL
 * @member: of a method or signal; "" of an OFFER, and where it is not known
 * @error: of a typed error, else ""
 * @reason: of a FAIL, a negative errno
 * @lost: of a LOST
 * @payload: arguments, results, or what an error carries
 * @size: of it, in bytes
 */
struct ebus_seen {
	const char *service, *member, *error;
	int reason;
	uint64_t lost;
	const void *payload;
	size_t size;
};

/**
 * ebus_seen_read() - what a frame is about
 * @seen: receives it; good until the connection is dealt with again
 * @peer: at the other end
 * @is_sent: by this process
 * @frame: not checked yet
 * @payload: likewise
 * @size: of it
 *
 * Return: false for one that is no message (greetings, bindings), or makes no sense.
 */
bool ebus_seen_read(struct ebus_seen *seen, const struct ebus_peer *peer, bool is_sent, const struct ebus_frame *frame,
		    const void *payload, size_t size);

#endif
