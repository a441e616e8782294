// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * bus_ring_use.c - signals of another process that come by its rings.
 */
#include "bus_ring_use.h"

#include <stdlib.h>

#include "bus_peer.h"
#include "record.h"

/* A signal that is read from a ring. */
struct slot {
	struct ebus_use *use; /* NULL: nobody here wants it */
	uint16_t signal;
	uint64_t next; /* number of the record that is due */
	uint64_t told; /* how many were missed, as the writer knows */
};

struct ebus_ring_use {
	struct ebus_ring_reader reader;
	struct slot slots[EBUS_RING_SLOTS];
	bool is_read;  /* a handler may receive more, and come here again */
	bool is_rung;  /* the writer waits for word */
	bool is_ended; /* by that: to be freed when it is read up to the last position */
	uint64_t last;
	struct ebus_ring_use *next; /* of those that have ended and are still read */
};

static struct ebus_used_signal *state_of(const struct slot *slot)
{
	return &slot->use->used[slot->signal];
}

/* Return: 0, also for what was overwritten meanwhile; -EBADMSG, -ENOMEM. */
static int take(struct ebus_ring_use *ring, const struct ebus_ring_record *from)
{
	struct slot *slot = from->slot < EBUS_RING_SLOTS ? &ring->slots[from->slot] : NULL;
	struct ebus_service *service;
	const struct emf_record *record;
	struct ebus_room room;
	int err;

	if (!slot || !slot->use || from->number < slot->next)
		return 0;
	service = slot->use->service;
	record = service->signals[slot->signal].in.record;
	err = ebus_room_init(&room, record ? record->size : 0);
	if (err)
		return err;
	err = record ? emf_record_load(record, from->payload, from->size, false, room.at) : from->size ? -EBADMSG : 0;
	if (!ebus_ring_is_intact(&ring->reader)) {
		err = 0;
	} else if (!err) {
		state_of(slot)->unread += from->number - slot->next;
		slot->next = from->number + 1;
		if (service->remote == &slot->use->remote) /* else somebody else provides it: that one's signals count */
			ebus_emit(service, slot->signal, room.at);
	}
	ebus_room_fini(&room);
	return err;
}

/* With nothing left to read, what was written and did not come was missed. */
static void count_missed(struct ebus_ring_use *ring)
{
	for (unsigned int i = 0; i < EBUS_RING_SLOTS; i++) {
		struct slot *slot = &ring->slots[i];
		uint64_t count = slot->use ? ebus_ring_count(&ring->reader, i) : 0;

		if (!slot->use || count <= slot->next || ebus_ring_end(&ring->reader) != ring->reader.at)
			continue;
		state_of(slot)->unread += count - slot->next;
		slot->next = count;
	}
}

static void tell_missed(struct ebus_peer *peer, struct ebus_ring_use *ring)
{
	for (unsigned int i = 0; i < EBUS_RING_SLOTS; i++) {
		struct slot *slot = &ring->slots[i];
		struct ebus_frame frame = { .kind = EBUS_MISSED };
		struct ebus_lost lost;

		if (!slot->use || state_of(slot)->unread == slot->told)
			continue;
		lost.lost = slot->told = state_of(slot)->unread;
		frame.service = slot->use->handle;
		frame.member = slot->signal;
		ebus_peer_send(peer, &frame, &lost, sizeof(lost));
	}
}

static void ring_free(struct ebus_ring_use *ring)
{
	ebus_ring_unmap(&ring->reader);
	free(ring);
}

/* Its number may be that of another one from now on, also while a handler of this one runs. */
static void ring_end(struct ebus_peer *peer, unsigned int index, uint64_t last)
{
	struct ebus_ring_use *ring = peer->reads[index];

	ring->is_ended = true;
	ring->is_rung = false;
	ring->last = last;
	ring->next = peer->ended;
	peer->ended = ring;
	peer->reads[index] = NULL;
	peer->n_reads--;
}

static void forget(struct ebus_peer *peer, struct ebus_ring_use *ring)
{
	struct ebus_ring_use **at = &peer->ended;

	while (*at != ring)
		at = &(*at)->next;
	*at = ring->next;
	ring_free(ring);
}

/* Up to a position, and no further: who writes fast must not keep everything else waiting. */
static int read_ring(struct ebus_peer *peer, struct ebus_ring_use *ring, unsigned int index, uint64_t end)
{
	struct ebus_frame frame = { .kind = EBUS_READ, .service = (__u16)index };
	struct ebus_ring_record record;
	int err;

	if (ring->is_read)
		return 0;
	ring->is_read = true;
	do
		err = ebus_ring_next(&ring->reader, ring->is_ended ? ring->last : end, &record);
	while (err > 0 && !(err = take(ring, &record)));
	ring->is_read = false;
	if (!err) {
		count_missed(ring);
		tell_missed(peer, ring);
		if (ring->is_rung)
			err = ebus_peer_send(peer, &frame, &(struct ebus_ring_at){ ring->reader.at }, sizeof(struct ebus_ring_at));
		ring->is_rung = false;
	}
	if (ring->is_ended)
		forget(peer, ring);
	return err;
}

void ebus_ring_use_read(struct ebus_peer *peer)
{
	for (unsigned int i = 0; i < EBUS_RINGS_MAX; i++) {
		struct ebus_ring_use *ring = peer->reads[i];
		int err = ring ? read_ring(peer, ring, i, ebus_ring_end(&ring->reader)) : 0;

		if (err)
			ebus_peer_fail(peer, err);
	}
}

static void stop(struct ebus_ring_use *ring, const struct ebus_use *use, unsigned int signal)
{
	for (unsigned int i = 0; i < EBUS_RING_SLOTS; i++)
		if (ring->slots[i].use == use && ring->slots[i].signal == signal)
			ring->slots[i].use = NULL;
}

void ebus_ring_use_stop(struct ebus_use *use, unsigned int signal)
{
	for (unsigned int i = 0; i < EBUS_RINGS_MAX; i++)
		if (use->peer->reads[i])
			stop(use->peer->reads[i], use, signal);
	for (struct ebus_ring_use *ring = use->peer->ended; ring; ring = ring->next)
		stop(ring, use, signal);
}

void ebus_ring_use_end(struct ebus_peer *peer)
{
	for (unsigned int i = 0; i < EBUS_RINGS_MAX; i++)
		if (peer->reads[i])
			ring_end(peer, i, 0);
	while (peer->ended)
		forget(peer, peer->ended);
}

/* --- frames */

static int ring_new(struct ebus_peer *peer, unsigned int index, int fd, uint64_t at)
{
	struct ebus_ring_use *ring = calloc(1, sizeof(*ring));
	int err = ring ? ebus_ring_map(&ring->reader, fd, at) : -ENOMEM;

	if (err) {
		free(ring);
		return err;
	}
	peer->reads[index] = ring;
	peer->n_reads++;
	return 0;
}

int ebus_peer_on_ring(struct ebus_peer *peer, struct ebus_received *r)
{
	struct ebus_use *use = ebus_use_of(peer, r);
	struct ebus_ring_begin begin;
	struct slot *slot;
	int err;

	if (!peer->takes_rings || !use || !use->settled || r->frame->member >= use->service->n_signals || r->size != sizeof(begin))
		return -EBADMSG;
	memcpy(&begin, r->payload, sizeof(begin));
	if (begin.ring >= EBUS_RINGS_MAX || begin.slot >= EBUS_RING_SLOTS || r->n_fds != !peer->reads[begin.ring])
		return -EBADMSG;
	if (r->n_fds) {
		err = ring_new(peer, begin.ring, r->fds[0], begin.at);
		if (err)
			return err;
	}
	if (r->frame->serial != use->used[r->frame->member].serial)
		return 0; /* of a subscription that has ended, which crossed */
	/* It may have been read further for others, whose numbers tell what they have had. */
	if ((int64_t)(peer->reads[begin.ring]->reader.at - begin.at) > 0 && begin.at % 8 == 0)
		peer->reads[begin.ring]->reader.at = begin.at;
	slot = &peer->reads[begin.ring]->slots[begin.slot];
	*slot = (struct slot){ .use = use, .signal = r->frame->member, .next = begin.from };
	slot->told = state_of(slot)->unread;
	return 0;
}

int ebus_peer_on_rang(struct ebus_peer *peer, struct ebus_received *r)
{
	unsigned int index = r->frame->service;

	if (index >= EBUS_RINGS_MAX || !peer->reads[index])
		return -EBADMSG;
	peer->reads[index]->is_rung = true;
	return read_ring(peer, peer->reads[index], index, ebus_ring_end(&peer->reads[index]->reader));
}

int ebus_peer_on_ring_end(struct ebus_peer *peer, struct ebus_received *r)
{
	unsigned int index = r->frame->service;
	struct ebus_ring_use *ring = index < EBUS_RINGS_MAX ? peer->reads[index] : NULL;
	struct ebus_ring_at end;

	if (!ring || r->size != sizeof(end))
		return -EBADMSG;
	memcpy(&end, r->payload, sizeof(end));
	ring_end(peer, index, end.at);
	return read_ring(peer, ring, index, end.at);
}
