/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * bus_ring.h - signals in memory that processes share: one writes, and does so once
 * for all; the others can only read. Who is too slow is overtaken, and knows what it
 * has missed.
 *
 * Positions count bytes since the start. A record lies at its position modulo the size
 * and crosses no end of a segment, so that whoever was overtaken finds one at a
 * segment's begin. Each signal has a slot, and its records are numbered.
 */
#ifndef EMF_CORE_BUS_RING_H
#define EMF_CORE_BUS_RING_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EBUS_RING_SLOTS 64
#define EBUS_RING_SEGMENTS 8
#define EBUS_RING_BYTES (4u << 20) /* 50 ms of a million signals of 64 bytes: longer than a reader waits for its turn */
#define EBUS_RING_PAYLOAD_MAX (64u << 10) /* a record fits a segment several times */

struct ebus_ring_shared;

/* The writer's end; it reads nothing back from what it shares. */
struct ebus_ring_writer {
	int fd;
	struct ebus_ring_shared *shared;
	uint64_t size, at;
	uint64_t counts[EBUS_RING_SLOTS];
};

/* A reader's end. */
struct ebus_ring_reader {
	const struct ebus_ring_shared *shared;
	uint64_t size, at;
	bool is_broken;
};

struct ebus_ring_record {
	uint32_t slot;
	uint32_t size;
	uint64_t number; /* of its slot, from 0 */
	const void *payload; /* may change at any time: see ebus_ring_is_intact() */
};

/*
 * ebus_ring_create() - memory that others can map, but not write to
 *
 * Return: 0; -EINVAL from kernels before 5.1, which cannot seal it so; -ENOMEM, -ENOSPC, -EMFILE.
 */
int ebus_ring_create(struct ebus_ring_writer *ring, size_t size);
void ebus_ring_destroy(struct ebus_ring_writer *ring);

/* Appends a record; @size is at most EBUS_RING_PAYLOAD_MAX. */
void ebus_ring_write(struct ebus_ring_writer *ring, unsigned int slot, const void *payload, size_t size);

/*
 * ebus_ring_map() - read what another process writes, from position @at on
 *
 * Return: 0; -EBADMSG for a file that is no ring, or could shrink under its reader; -ENOMEM.
 */
int ebus_ring_map(struct ebus_ring_reader *ring, int fd, uint64_t at);
void ebus_ring_unmap(struct ebus_ring_reader *ring);

/* How far it is written. */
uint64_t ebus_ring_end(const struct ebus_ring_reader *ring);

/* How many records of a slot were written; may lag behind by those of this moment. */
uint64_t ebus_ring_count(const struct ebus_ring_reader *ring, unsigned int slot);

/*
 * ebus_ring_next() - the next record before @end, and go behind it
 *
 * Return: 1; 0 if there is none; -EBADMSG for what is none.
 */
int ebus_ring_next(struct ebus_ring_reader *ring, uint64_t end, struct ebus_ring_record *record);

/*
 * ebus_ring_is_intact() - whether what was read since the last ebus_ring_next() stayed
 * as it was; to be asked after the payload was copied, and before it is believed
 *
 * Otherwise the reader was overtaken, and goes on half a ring behind the writer.
 */
bool ebus_ring_is_intact(struct ebus_ring_reader *ring);

#endif
