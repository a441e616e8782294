/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * bus_link.h - frames through a socket: many in a packet, sent when the turn ends.
 */
#ifndef EMF_CORE_BUS_LINK_H
#define EMF_CORE_BUS_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bus_wire.h"

/* Of a payload beyond a packet: nobody can change it any more, fcntl(2). */
#define EBUS_SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)
#define EBUS_ALIGNED(size) (((size) + 7) & ~(size_t)7)

struct ebus_packet;

/**
 * struct ebus_link - one end of a connection
 * @fd: the socket; -1 when it is closed
 * @first: packets that wait to be sent, oldest first
 * @last: the one that is being filled
 * @queued_bytes: in all of them
 * @queued_fds: likewise
 * @large_bytes: of payloads beyond a packet, since the other side had read all
 * @max_bytes: no more than that; then frames are refused
 * @blocked: the socket takes no more at the moment
 * @brings_fds: the next packet that comes does; asking each for them costs 5 % of a call
 * @sent_frames: handed to the socket, or waiting for it
 * @received_frames: that came
 */
struct ebus_link {
	int fd;
	struct ebus_packet *first, *last;
	size_t queued_bytes;
	size_t queued_fds;
	size_t large_bytes;
	size_t max_bytes;
	bool blocked, brings_fds;
	uint64_t sent_frames, received_frames;
};

/* What a frame brought: @fds are closed after it unless they were taken, which -1 says. */
struct ebus_received {
	const struct ebus_frame *frame;
	const void *payload;
	size_t size;
	int *fds;
	size_t n_fds;
};

/* Those that are none, below 0, are left alone. */
void ebus_close_all(int *fds, size_t n);

void ebus_link_init(struct ebus_link *link, int fd, size_t max_bytes);

/* Closes the socket and forgets what was not sent. */
void ebus_link_fini(struct ebus_link *link);

/**
 * ebus_link_add() - room for a frame
 * @link: that it is to be sent on
 * @frame: its kind, serial, service, member; the rest is filled in
 * @size: of its payload
 * @fds: that go with it; duplicates are sent, the caller keeps these
 * @n_fds: how many
 * @payload: receives the place of @size bytes; they are to be written before
 *	anything else is done with the link, and are read no sooner than
 *	ebus_link_flush() or the next frame
 *
 * Return: 0; -ENOBUFS when too much waits already; -EBUSY when too many descriptors
 * or payloads beyond a packet do; -EMSGSIZE for a payload beyond EBUS_PAYLOAD_MAX or
 * too many descriptors; -ENOMEM, -EMFILE.
 */
int ebus_link_add(struct ebus_link *link, const struct ebus_frame *frame, size_t size, const int *fds, size_t n_fds,
		  void **payload);

/* The same for a payload that is there already. */
int ebus_link_send(struct ebus_link *link, const struct ebus_frame *frame, const void *payload, size_t size,
		   const int *fds, size_t n_fds);

/**
 * ebus_link_flush() - give the socket what waits
 * @link: of it
 *
 * Return: 0; -EAGAIN when the socket takes no more, and @blocked is set; or what
 * sendmsg(2) reports, and the connection is of no use any more.
 */
int ebus_link_flush(struct ebus_link *link);

/**
 * ebus_link_receive() - one packet, and a call for each frame in it
 * @link: of it
 * @wait: block until one comes, or until the socket's timeout
 * @each: called with each frame; a negative answer ends it
 * @arg: passed on
 *
 * Return: 0; -EAGAIN when there is none; -ECONNRESET at the end; -EBADMSG for what
 * is no packet of ours; what @each or recvmsg(2) reports.
 */
int ebus_link_receive(struct ebus_link *link, bool wait, int (*each)(void *arg, struct ebus_received *received),
		      void *arg);

#endif
