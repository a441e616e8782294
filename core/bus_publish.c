// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * bus_publish.c - signals of this process for those of another one who subscribed.
 */
#include "bus_peer.h"
#include "bus_tap.h"

#include <poll.h>
#include <stdlib.h>

#include "loop.h"
#include "record.h"

static struct ebus_sent_signal *find_signal(const struct ebus_binding *b, uint16_t theirs)
{
	struct ebus_sent_signal *s = b->signals;

	while (s && s->theirs != theirs)
		s = s->next;
	return s;
}

static const struct emf_record *record_of(const struct ebus_sent_signal *s)
{
	return s->binding->map.service->signals[s->base.signal].in.record;
}

static int send_signal(struct ebus_sent_signal *s, const void *data)
{
	const struct ebus_frame frame = { .kind = EBUS_SIGNAL, .service = s->binding->handle, .member = s->theirs };
	int err = ebus_peer_send_record(s->binding->peer, &frame, record_of(s), data);

	s->sent += !err;
	return err;
}

/* A queue takes its memory when something waits in it for the first time. */
static int push(struct ebus_sent_signal *s, const void *data, size_t size)
{
	struct ebus_peer *peer = s->binding->peer;
	bool is_new = !s->queue.bytes;
	int err;

	if (is_new && peer->queues_bytes + s->queue.size > EBUS_QUEUES_BYTES)
		return -ENOBUFS;
	err = ebus_queue_push(&s->queue, data, size);
	if (is_new && s->queue.bytes)
		peer->queues_bytes += s->queue.size;
	return err;
}

/* As much of it as the link takes, which is to have no more than so many bytes. */
static void send_queue(struct ebus_sent_signal *s, size_t most_bytes)
{
	const struct ebus_link *link = &s->binding->peer->link;
	const struct ebus_frame frame = { .kind = EBUS_SIGNAL, .service = s->binding->handle, .member = s->theirs };
	void *to;

	while (s->queue.n && link->queued_bytes < most_bytes &&
	       !ebus_link_add(&s->binding->peer->link, &frame, ebus_queue_first(&s->queue), NULL, 0, &to)) {
		ebus_queue_pop(&s->queue, to);
		s->sent++;
	}
}

/* Slow subscribers, however many, hold up the product for a second, and then for half as long as it works. */
#define PATIENCE_NS UINT64_C(1000000000)

static uint64_t patience_ns = PATIENCE_NS, patience_since_ns;

static bool has_patience(uint64_t now)
{
	patience_ns += (now - patience_since_ns) / 2;
	patience_ns = patience_ns < PATIENCE_NS ? patience_ns : PATIENCE_NS;
	patience_since_ns = now;
	return patience_ns > EBUS_BLOCK_MAX_MS * UINT64_C(1000000);
}

/*
 * The policy is to block: until there is room in the queue, and no longer than that. Room is
 * made as soon as he reads something: all that waits in the link may take him longer. Who
 * did not read meanwhile is not waited for again before he has read what is in the socket.
 */
static int wait_and_push(struct ebus_sent_signal *s, const void *data, size_t size)
{
	struct ebus_peer *peer = s->binding->peer;
	struct pollfd pollfd = { .fd = peer->link.fd, .events = POLLOUT };
	uint64_t began = emf_now_ns(), now = began, end = now + s->block_ms * 1000000ull;
	int err = -ENOBUFS, flushed = 0;

	if (!has_patience(now))
		return -ENOBUFS;

	while (err == -ENOBUFS && now < end && (!flushed || flushed == -EAGAIN)) {
		poll(&pollfd, 1, (int)((end - now) / 1000000) + 1);
		flushed = ebus_link_flush(&peer->link);
		send_queue(s, peer->link.max_bytes / 4 * 3); /* the rest is for answers, which have no queue */
		err = push(s, data, size);
		now = emf_now_ns();
	}
	s->gave_up = err == -ENOBUFS;
	patience_ns -= now - began < patience_ns ? now - began : patience_ns;
	patience_since_ns = now;
	return err;
}

/* As the subscriber wished, or else as the event declares it; 0: neither says anything. */
static unsigned int policy_of(const struct ebus_sent_signal *s, unsigned int signal)
{
	const uint8_t *policies = s->binding->map.service->policies;

	return s->overflow || !policies ? s->overflow : policies[signal];
}

/* The subscriber is slow: in the queue, or as its policy says. */
static int enqueue(struct ebus_sent_signal *s, const void *data)
{
	const struct emf_record *record = record_of(s);
	size_t size = record ? emf_record_wire_size(record, data) : 0;
	int err;

	if (record && emf_record_has_fds(record))
		return -ENOBUFS; /* descriptors do not wait: they would use up those of the process */
	err = push(s, data, size);
	while (err == -ENOBUFS && policy_of(s, s->base.signal) == EBUS_DROP_OLD && s->queue.n) {
		ebus_queue_pop(&s->queue, NULL);
		s->dropped++;
		err = push(s, data, size);
	}
	if (err == -ENOBUFS && policy_of(s, s->base.signal) == EBUS_BLOCK && !s->gave_up)
		err = wait_and_push(s, data, size);
	return err;
}

static bool has_more(const struct ebus_sent_signal *s)
{
	return s->queue.n || s->dropped > s->told || s->is_fast || (s->by_ring.ring && !s->by_ring.announced);
}

/* A ring has one policy: who is slow misses the oldest. Who says nothing of it takes that, too. */
static bool may_share(const struct ebus_sent_signal *s)
{
	unsigned int policy = policy_of(s, s->base.signal);

	return s->may_share && !s->by_ring.ring && (!policy || policy == EBUS_DROP_OLD);
}

/* Many in a short time, or more than are read: they are better written once for all who read them. */
static bool is_fast(struct ebus_sent_signal *s)
{
	uint64_t now, before = s->burst_ns;

	if (s->queue.n && (s->queue.n >= s->queue.max_messages / 2 || s->queue.used >= s->queue.size / 2))
		return true;
	if (++s->burst < EBUS_RING_BURST)
		return false;
	now = emf_now_ns();
	s->burst_ns = now;
	s->burst = 0;
	return now - before < EBUS_RING_BURST_NS;
}

/* Not inside of more than one signal: which of them the ring has got already could not be told. */
static void share(struct ebus_sent_signal *s)
{
	if (s->is_fast && emf_bus_emitting() < 2) {
		s->is_fast = false;
		s->may_share = !ebus_ring_join(s);
	}
	if (s->by_ring.ring && !s->by_ring.announced && !s->queue.n)
		ebus_ring_announce(s);
}

static void on_emitted(struct ebus_subscription *base, const void *data)
{
	struct ebus_sent_signal *s = emf_container_of(base, struct ebus_sent_signal, base);
	struct ebus_link *link = &s->binding->peer->link;
	int err = -ENOBUFS;

	s->seen++;
	if (!link->blocked && !s->queue.n) {
		err = send_signal(s, data);
		if (err == -ENOBUFS && !ebus_link_flush(link))
			err = send_signal(s, data);
		s->gave_up = false;
	}
	if (err == -ENOBUFS)
		err = enqueue(s, data);
	s->dropped += err != 0;
	if (may_share(s)) {
		s->is_fast = is_fast(s);
		share(s);
	}
	s->binding->peer->must_drain |= has_more(s);
}

void ebus_peer_drain(struct ebus_peer *peer)
{
	if (!peer->must_drain)
		return;
	peer->must_drain = false;
	for (size_t i = 0; i < EBUS_HANDLES_MAX; i++)
		for (struct ebus_sent_signal *s = peer->bindings[i] ? peer->bindings[i]->signals : NULL; s; s = s->next) {
			const struct ebus_frame frame = { .kind = EBUS_LOST, .service = (__u16)i, .member = s->theirs };

			send_queue(s, SIZE_MAX);
			if (s->dropped > s->told &&
			    !ebus_link_send(&peer->link, &frame, &(struct ebus_lost){ s->dropped }, sizeof(struct ebus_lost),
					    NULL, 0)) {
				s->told = s->dropped;
				ebus_peer_tap(peer, true, &frame, &(struct ebus_lost){ s->dropped }, sizeof(struct ebus_lost));
			}
			share(s);
			peer->must_drain |= has_more(s);
		}
}

static size_t bounded(uint32_t wished, size_t most)
{
	return wished && wished < most ? wished : most;
}

/* Who listens does not hold up the product, unless the event is declared so, or it may do anything to it anyway. */
static bool may_block(struct ebus_binding *b, uint16_t signal)
{
	const struct ebus_service *service = b->map.service;
	struct ebus_member as_admin = service->signals[signal];

	if (service->policies && service->policies[signal] == EBUS_BLOCK)
		return true;
	as_admin.access = "admin";
	return ebus_peer_may(b->peer, service, &as_admin);
}

static int subscribe(struct ebus_binding *b, const struct ebus_frame *frame, uint16_t ours, const struct ebus_wish *wish)
{
	struct ebus_sent_signal *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->binding = b;
	s->theirs = frame->member;
	s->serial = frame->serial;
	s->base.deliver = on_emitted;
	s->overflow = wish->overflow == EBUS_BLOCK && !may_block(b, ours) ? EBUS_DROP_NEW : wish->overflow;
	s->block_ms = (uint32_t)bounded(wish->block_ms, EBUS_BLOCK_MAX_MS);
	ebus_queue_init(&s->queue, bounded(wish->max_messages, EBUS_QUEUE_MESSAGES), bounded(wish->max_bytes, EBUS_QUEUE_BYTES));
	s->may_share = wish->flags & EBUS_WISH_RING && b->peer->rings && !wish->overflow &&
		       b->map.matches[b->map.n_methods + s->theirs] == EBUS_EQUAL;
	s->next = b->signals;
	b->signals = s;
	return ebus_subscribe(&b->client, ours, NULL, &s->base);
}

int ebus_peer_on_subscribe(struct ebus_peer *peer, struct ebus_received *r)
{
	struct ebus_binding *b = ebus_binding_of(peer, r);
	uint16_t theirs = r->frame->member, ours;
	struct ebus_wish wish;
	int err = 0;

	if (!b || theirs >= b->map.n_signals || r->size != sizeof(wish) || find_signal(b, theirs))
		return -EBADMSG;
	memcpy(&wish, r->payload, sizeof(wish));
	if (wish.overflow > EBUS_BLOCK || wish.flags & ~(__u32)EBUS_WISH_RING)
		return -EBADMSG;
	ours = b->map.signals[theirs];
	if (ours == EBUS_NONE)
		err = b->map.matches[b->map.n_methods + theirs] == EBUS_BROKEN ? -EPROTO : -EOPNOTSUPP;
	else if (!ebus_peer_may(peer, b->map.service, &b->map.service->signals[ours]))
		err = -EACCES;
	else
		err = subscribe(b, r->frame, ours, &wish);
	if (err == -EACCES)
		ebus_peer_deny(peer, b->map.service, &b->map.service->signals[ours]);
	if (err)
		ebus_peer_refuse(peer, (struct ebus_frame){ .service = b->handle, .member = theirs }, err);
	return 0;
}

static void signal_free(struct ebus_sent_signal *s)
{
	if (s->by_ring.ring)
		ebus_ring_leave(s);
	ebus_unsubscribe(&s->base);
	if (s->queue.bytes)
		s->binding->peer->queues_bytes -= s->queue.size;
	ebus_queue_fini(&s->queue);
	free(s);
}

/* What a reader of a ring has missed: as it says, and it can deceive nobody but itself. */
int ebus_peer_on_missed(struct ebus_peer *peer, struct ebus_received *r)
{
	struct ebus_binding *b = ebus_binding_of(peer, r);
	struct ebus_sent_signal *s = b ? find_signal(b, r->frame->member) : NULL;
	struct ebus_lost lost;

	if (!b || r->size != sizeof(lost))
		return -EBADMSG;
	memcpy(&lost, r->payload, sizeof(lost));
	if (s) /* else it was unsubscribed, and that crossed */
		s->missed = lost.lost < ebus_sent_seen(s) - s->dropped ? lost.lost : ebus_sent_seen(s) - s->dropped;
	return 0;
}

uint64_t ebus_sent_seen(const struct ebus_sent_signal *s)
{
	return s->seen + (s->by_ring.ring ? ebus_ring_seen(s) : 0);
}

int ebus_peer_on_unsubscribe(struct ebus_peer *peer, struct ebus_received *r)
{
	struct ebus_binding *b = ebus_binding_of(peer, r);
	struct ebus_sent_signal **at;

	if (!b)
		return -EBADMSG;
	at = &b->signals;
	while (*at && (*at)->theirs != r->frame->member)
		at = &(*at)->next;
	if (*at) { /* else it was refused, and that crossed */
		struct ebus_sent_signal *s = *at;

		*at = s->next;
		signal_free(s);
	}
	return 0;
}

void ebus_binding_end_signals(struct ebus_binding *b, bool only_forbidden)
{
	struct ebus_sent_signal **at = &b->signals;

	while (*at) {
		struct ebus_sent_signal *s = *at;
		const struct ebus_member *member = &b->map.service->signals[s->base.signal];

		if (only_forbidden && ebus_peer_may(b->peer, b->map.service, member)) {
			at = &s->next;
			continue;
		}
		if (only_forbidden) {
			ebus_peer_deny(b->peer, b->map.service, member);
			ebus_peer_refuse(b->peer, (struct ebus_frame){ .service = b->handle, .member = s->theirs }, -EACCES);
		}
		*at = s->next;
		signal_free(s);
	}
}
