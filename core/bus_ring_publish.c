// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * bus_ring_publish.c - signals of this process in rings that other processes read.
 */
#include "bus_ring_publish.h"

#include <stdlib.h>

#include "bus_peer.h"
#include "loop.h"
#include "record.h"

#define PACE_NS UINT64_C(1000000) /* readers are woken no more often, unless the ring fills up */

/* A signal that is written to a ring. */
struct slot {
	struct ebus_subscription base;
	struct ebus_ring *ring;
	const struct emf_record *record;
	const struct ebus_member *member;
	struct ebus_service *service;
	size_t n; /* subscriptions of other processes that get it so */
};

/* A process that reads a ring. */
struct reader {
	struct ebus_peer *peer;
	size_t n; /* its subscriptions */
	bool has_it, is_rung;
	uint64_t read_to;
	struct reader *next;
};

struct ebus_ring {
	struct ebus_rings *of;
	unsigned int index;
	struct ebus_ring_writer writer;
	struct slot slots[EBUS_RING_SLOTS];
	unsigned int n_slots;
	struct reader *readers;
	uint64_t rung_to, rung_ns;
	bool waits;	  /* somebody has not read all, and was not told */
	bool is_retiring; /* everybody leaves */
};

/* --- waking readers */

static void ring_bell(struct ebus_ring *ring, bool at_once)
{
	const struct ebus_frame frame = { .kind = EBUS_RANG, .service = (__u16)ring->index };

	ring->rung_to = ring->writer.at;
	ring->rung_ns = emf_now_ns();
	ring->waits = false;
	for (struct reader *r = ring->readers; r; r = r->next) {
		if (!r->has_it || r->is_rung || r->read_to == ring->writer.at || r->peer->error)
			continue;
		r->is_rung = !ebus_peer_send(r->peer, &frame, NULL, 0);
		if (at_once)
			ebus_link_flush(&r->peer->link);
	}
}

static void on_pace(struct emf_timer *timer)
{
	(void)timer; /* the turn that it made does the rest */
}

void ebus_rings_turn(struct ebus_rings *rings)
{
	uint64_t now = 0, passed;

	for (size_t i = 0; i < EBUS_RINGS_MAX; i++) {
		struct ebus_ring *ring = rings->rings[i];

		if (!ring || (!ring->waits && ring->rung_to == ring->writer.at))
			continue;
		now = now ? now : emf_now_ns();
		passed = now - ring->rung_ns;
		if (passed >= PACE_NS)
			ring_bell(ring, false);
		else
			emf_loop_start_timer(rings->loop, NULL, &rings->pace, PACE_NS - passed, 0);
	}
}

/* --- writing */

static void on_emitted(struct ebus_subscription *base, const void *data)
{
	struct slot *slot = emf_container_of(base, struct slot, base);
	struct ebus_ring *ring = slot->ring;

	ebus_ring_write(&ring->writer, (unsigned int)(slot - ring->slots), data,
			slot->record ? emf_record_wire_size(slot->record, data) : 0);
	if (ring->writer.at - ring->rung_to >= ring->writer.size / 4)
		ring_bell(ring, true);
}

/* --- who reads what */

static struct reader *reader_of(const struct ebus_ring *ring, const struct ebus_peer *peer)
{
	struct reader *r = ring->readers;

	while (r && r->peer != peer)
		r = r->next;
	return r;
}

static bool may_all(const struct ebus_ring *ring, struct ebus_peer *peer)
{
	for (unsigned int i = 0; i < ring->n_slots; i++)
		if (!ebus_peer_may(peer, ring->slots[i].service, ring->slots[i].member))
			return false;
	return true;
}

static struct slot *slot_of(struct ebus_ring *ring, const struct ebus_member *member)
{
	for (unsigned int i = 0; i < ring->n_slots; i++)
		if (ring->slots[i].member == member)
			return &ring->slots[i];
	return NULL;
}

/* Return: the signal's slot if both it and its subscriber may be in this ring. */
static struct slot *slot_for(struct ebus_ring *ring, struct ebus_sent_signal *s)
{
	struct ebus_service *service = s->binding->map.service;
	const struct ebus_member *member = &service->signals[s->base.signal];
	struct slot *slot = slot_of(ring, member);

	if (ring->n_slots && strcmp(ring->slots[0].member->access, member->access))
		return NULL;
	if (!reader_of(ring, s->binding->peer) && !may_all(ring, s->binding->peer))
		return NULL;
	if (slot)
		return slot;
	for (const struct reader *r = ring->readers; r; r = r->next)
		if (!ebus_peer_may(r->peer, service, member))
			return NULL;
	if (ring->n_slots == EBUS_RING_SLOTS)
		return NULL;
	slot = &ring->slots[ring->n_slots++];
	*slot = (struct slot){ .base.deliver = on_emitted, .ring = ring, .record = member->in.record, .member = member,
			       .service = service };
	return slot;
}

static int ring_new(struct ebus_rings *rings, unsigned int index)
{
	struct ebus_ring *ring = calloc(1, sizeof(*ring));
	int err = ring ? ebus_ring_create(&ring->writer, EBUS_RING_BYTES) : -ENOMEM;

	if (err) {
		free(ring);
		return err;
	}
	ring->of = rings;
	ring->index = index;
	rings->rings[index] = ring;
	return 0;
}

static void ring_free(struct ebus_ring *ring)
{
	ring->of->rings[ring->index] = NULL;
	ebus_ring_destroy(&ring->writer);
	free(ring);
}

static int find(struct ebus_rings *rings, struct ebus_sent_signal *s, struct slot **slot)
{
	unsigned int unused = EBUS_RINGS_MAX;
	int err;

	for (unsigned int i = 0; i < EBUS_RINGS_MAX; i++) {
		*slot = rings->rings[i] ? slot_for(rings->rings[i], s) : NULL;
		if (*slot)
			return 0;
		if (!rings->rings[i] && unused == EBUS_RINGS_MAX)
			unused = i;
	}
	if (unused == EBUS_RINGS_MAX)
		return -EACCES;
	err = ring_new(rings, unused);
	if (!err)
		*slot = slot_for(rings->rings[unused], s);
	return err;
}

static struct reader *reader_new(struct ebus_ring *ring, struct ebus_peer *peer)
{
	struct reader *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->peer = peer;
	r->read_to = ring->writer.at;
	r->next = ring->readers;
	ring->readers = r;
	return r;
}

int ebus_ring_join(struct ebus_sent_signal *s)
{
	const struct emf_record *record = s->binding->map.service->signals[s->base.signal].in.record;
	struct ebus_peer *peer = s->binding->peer;
	struct reader *r;
	struct slot *slot;
	int err;

	if (record && (record->size > EBUS_RING_PAYLOAD_MAX || emf_record_has_fds(record)))
		return -EMSGSIZE;
	err = find(peer->rings, s, &slot);
	if (err)
		return err;
	r = reader_of(slot->ring, peer);
	r = r ? r : reader_new(slot->ring, peer);
	if (!r) {
		if (!slot->ring->readers)
			ring_free(slot->ring);
		return -ENOMEM;
	}
	r->n++;
	/* First the ring's subscription, then the end of the other: there is one all the time. */
	if (!slot->n++)
		ebus_subscribe(&s->binding->client, s->base.signal, NULL, &slot->base);
	ebus_unsubscribe(&s->base);
	s->by_ring = (struct ebus_by_ring){ .ring = slot->ring, .slot = (unsigned int)(slot - slot->ring->slots),
					    .at = slot->ring->writer.at };
	/* The signal of this moment went through the socket; the ring may get it yet. */
	s->by_ring.from = slot->ring->writer.counts[s->by_ring.slot] + emf_bus_is_due(&slot->base);
	return 0;
}

void ebus_ring_announce(struct ebus_sent_signal *s)
{
	struct ebus_ring *ring = s->by_ring.ring;
	struct ebus_peer *peer = s->binding->peer;
	struct reader *r = reader_of(ring, peer);
	const struct ebus_frame frame = { .kind = EBUS_RING, .serial = s->serial, .service = s->binding->handle,
				    .member = s->theirs };
	const struct ebus_ring_begin begin = { .ring = (__u16)ring->index, .slot = (__u16)s->by_ring.slot, .at = s->by_ring.at,
					       .from = s->by_ring.from };

	if (ebus_link_send(&peer->link, &frame, &begin, sizeof(begin), &ring->writer.fd, !r->has_it))
		return; /* the socket is full: the next time */
	r->has_it = true;
	r->read_to = s->by_ring.at;
	ring->waits = true;
	s->by_ring.announced = true;
}

uint64_t ebus_ring_seen(const struct ebus_sent_signal *s)
{
	uint64_t count = s->by_ring.ring->writer.counts[s->by_ring.slot];

	return count > s->by_ring.from ? count - s->by_ring.from : 0;
}

static void reader_free(struct ebus_ring *ring, struct reader *r)
{
	const struct ebus_frame frame = { .kind = EBUS_RING_END, .service = (__u16)ring->index };
	struct reader **at = &ring->readers;

	if (r->has_it && !r->peer->error)
		ebus_peer_send(r->peer, &frame, &(struct ebus_ring_at){ ring->writer.at }, sizeof(struct ebus_ring_at));
	while (*at != r)
		at = &(*at)->next;
	*at = r->next;
	free(r);
}

/* Everybody leaves: nobody can be made to forget what is mapped. They move to another ring when they are fast again. */
static void retire(struct ebus_ring *ring)
{
	struct ebus_rings *rings = ring->of;
	unsigned int index = ring->index;

	ring->is_retiring = true;
	while (rings->rings[index]) {
		struct ebus_peer *peer = rings->rings[index]->readers->peer;

		for (size_t i = 0; i < EBUS_HANDLES_MAX; i++)
			for (struct ebus_sent_signal *s = peer->bindings[i] ? peer->bindings[i]->signals : NULL; s; s = s->next)
				if (s->by_ring.ring && s->by_ring.ring == rings->rings[index])
					ebus_ring_leave(s);
	}
}

void ebus_ring_leave(struct ebus_sent_signal *s)
{
	struct ebus_ring *ring = s->by_ring.ring;
	struct slot *slot = &ring->slots[s->by_ring.slot];
	struct reader *r = reader_of(ring, s->binding->peer);
	bool is_known = r->has_it && r->n == 1;

	s->seen += ebus_ring_seen(s);
	/* What was written and not announced will not be read. */
	s->dropped += s->by_ring.announced ? 0 : ebus_ring_seen(s);
	s->by_ring.ring = NULL;
	ebus_subscribe(&s->binding->client, (unsigned int)(slot->member - slot->service->signals), NULL, &s->base);
	if (!--slot->n)
		ebus_unsubscribe(&slot->base);
	if (!--r->n)
		reader_free(ring, r);
	if (!ring->readers)
		ring_free(ring);
	else if (is_known && !ring->is_retiring)
		retire(ring); /* who left can read it still, and what he may is not looked at any more */
}

/* --- its end */

static bool all_may(const struct ebus_ring *ring)
{
	for (const struct reader *r = ring->readers; r; r = r->next)
		if (!may_all(ring, r->peer))
			return false;
	return true;
}

void ebus_rings_ask_anew(struct ebus_rings *rings)
{
	for (unsigned int i = 0; i < EBUS_RINGS_MAX; i++)
		if (rings->rings[i] && !all_may(rings->rings[i]))
			retire(rings->rings[i]);
}

int ebus_peer_on_read(struct ebus_peer *peer, struct ebus_received *r)
{
	unsigned int index = r->frame->service;
	struct ebus_ring *ring = peer->rings && index < EBUS_RINGS_MAX ? peer->rings->rings[index] : NULL;
	struct reader *reader = ring ? reader_of(ring, peer) : NULL;
	struct ebus_ring_at read;

	if (r->size != sizeof(read))
		return -EBADMSG;
	if (!reader)
		return 0; /* the ring has ended, and that crossed */
	memcpy(&read, r->payload, sizeof(read));
	if (read.at > ring->writer.at || read.at < reader->read_to)
		return -EBADMSG;
	reader->read_to = read.at;
	reader->is_rung = false;
	ring->waits = ring->waits || read.at != ring->writer.at;
	return 0;
}

void ebus_rings_init(struct ebus_rings *rings, struct emf_loop *loop)
{
	*rings = (struct ebus_rings){ .loop = loop, .pace.expired = on_pace };
}

void ebus_rings_fini(struct ebus_rings *rings)
{
	emf_timer_stop(&rings->pace);
}
