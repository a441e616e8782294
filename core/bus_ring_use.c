// SPDX-License-Identifier: BSD-2-Clause
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

static void ring_free(struct ebus_peer *peer, unsigned int index)
{
	ebus_ring_unmap(&peer->reads[index]->reader);
	free(peer->reads[index]);
	peer->reads[index] = NULL;
	peer->n_reads--;
}

/* Up to a position, and no further: who writes fast must not keep everything else waiting. */
static int read_ring(struct ebus_peer *peer, unsigned int index, uint64_t end)
{
	struct ebus_frame frame = { .kind = EBUS_READ, .service = (__u16)index };
	struct ebus_ring_use *ring = peer->reads[index];
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
		ring_free(peer, index);
	return err;
}

void ebus_ring_use_read(struct ebus_peer *peer)
{
	for (unsigned int i = 0; i < EBUS_RINGS_MAX; i++) {
		int err = peer->reads[i] ? read_ring(peer, i, ebus_ring_end(&peer->reads[i]->reader)) : 0;

		if (err)
			ebus_peer_fail(peer, err);
	}
}

void ebus_ring_use_stop(struct ebus_use *use, unsigned int signal)
{
	for (unsigned int i = 0; i < EBUS_RINGS_MAX; i++)
		for (unsigned int j = 0; use->peer->reads[i] && j < EBUS_RING_SLOTS; j++)
			if (use->peer->reads[i]->slots[j].use == use && use->peer->reads[i]->slots[j].signal == signal)
				use->peer->reads[i]->slots[j].use = NULL;
}

void ebus_ring_use_end(struct ebus_peer *peer)
{
	for (unsigned int i = 0; i < EBUS_RINGS_MAX; i++)
		if (peer->reads[i])
			ring_free(peer, i);
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
	return read_ring(peer, index, ebus_ring_end(&peer->reads[index]->reader));
}

int ebus_peer_on_ring_end(struct ebus_peer *peer, struct ebus_received *r)
{
	unsigned int index = r->frame->service;
	struct ebus_ring_at end;

	if (index >= EBUS_RINGS_MAX || !peer->reads[index] || r->size != sizeof(end))
		return -EBADMSG;
	memcpy(&end, r->payload, sizeof(end));
	peer->reads[index]->is_rung = false;
	peer->reads[index]->is_ended = true;
	peer->reads[index]->last = end.at;
	return read_ring(peer, index, end.at);
}
