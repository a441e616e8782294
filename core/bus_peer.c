// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * bus_peer.c - another process on the bus: its frames, and what both sides share.
 */
#include "bus_peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bus_map_fd.h"
#include "bus_tap.h"
#include "record.h"

void (*ebus_tap)(struct ebus_peer *peer, bool is_sent, const struct ebus_frame *frame, const void *payload, size_t size);

void ebus_peer_init(struct ebus_peer *peer, const struct ebus_peer_ops *ops, int fd)
{
	*peer = (struct ebus_peer){ .ops = ops };
	ebus_link_init(&peer->link, fd, EBUS_QUEUED_MAX);
}

void ebus_peer_fini(struct ebus_peer *peer)
{
	peer->error = peer->error ? peer->error : -ENOTCONN;
	ebus_link_fini(&peer->link);
	ebus_peer_end_serving(peer);
	ebus_peer_end_using(peer);
}

void ebus_peer_fail(struct ebus_peer *peer, int err)
{
	if (!peer->error)
		peer->error = err;
}

int ebus_room_init(struct ebus_room *room, size_t size)
{
	room->allocated = size > sizeof(room->small) ? malloc(size) : NULL;
	room->at = room->allocated ? room->allocated : room->small;
	return size > sizeof(room->small) && !room->allocated ? -ENOMEM : 0;
}

void ebus_room_fini(struct ebus_room *room)
{
	free(room->allocated);
}

int ebus_peer_send(struct ebus_peer *peer, const struct ebus_frame *frame, const void *payload, size_t size)
{
	int err = ebus_link_send(&peer->link, frame, payload, size, NULL, 0);

	if (err)
		ebus_peer_fail(peer, err);
	else
		ebus_peer_tap(peer, true, frame, payload, size);
	return err;
}

/* --- records with descriptors */

struct descriptors {
	int fds[EBUS_FRAME_FDS_MAX];
	bool ours[EBUS_FRAME_FDS_MAX]; /* made for this */
	size_t n;
};

/* A map is handed out such that who gets it can read it only, unless the declaration says otherwise. */
static int collect(enum emf_type type, int *fd, void *arg)
{
	struct descriptors *d = arg;
	bool is_made = type == EMF_MAP_FD && *fd >= 0;
	int out = is_made ? emf_map_fd_read_only(*fd) : *fd;

	if (*fd < 0)
		return 0;
	if (out < 0)
		return out;
	if (d->n == EBUS_FRAME_FDS_MAX) {
		if (is_made)
			close(out);
		return -EMSGSIZE;
	}
	d->ours[d->n] = is_made;
	d->fds[d->n++] = out;
	return 0;
}

int ebus_peer_send_record(struct ebus_peer *peer, const struct ebus_frame *frame, const struct emf_record *record,
			  const void *data)
{
	size_t size = record ? emf_record_wire_size(record, data) : 0;
	struct descriptors d = { .n = 0 };
	int err = 0;

	if (record && emf_record_has_fds(record))
		err = emf_record_fds(record, (void *)data, collect, &d);
	if (!err)
		err = ebus_link_send(&peer->link, frame, data, size, d.fds, d.n);
	if (!err)
		ebus_peer_tap(peer, true, frame, data, size);
	for (size_t i = 0; i < d.n; i++)
		if (d.ours[i])
			close(d.fds[i]);
	return err;
}

static int close_one(enum emf_type type, int *fd, void *arg)
{
	(void)type;
	(void)arg;
	if (*fd >= 0)
		close(*fd); /* an answer may be constant: nothing is written to it */
	return 0;
}

void ebus_peer_close_fds(const struct emf_record *record, const void *data)
{
	if (emf_record_has_fds(record))
		emf_record_fds(record, (void *)data, close_one, NULL);
}

struct taking {
	struct ebus_received from;
	const char *end; /* of what came */
};

static int give(enum emf_type type, int *fd, void *arg)
{
	struct taking *taking = arg;
	struct ebus_received *r = &taking->from;

	(void)type;
	/* One that a sender of another minor version does not know is none, and not a zero. */
	if (*fd < 0 || (const char *)fd >= taking->end) {
		*fd = -1;
		return 0;
	}
	if (!r->n_fds)
		return -EBADMSG;
	*fd = *r->fds++;
	r->n_fds--;
	return 0;
}

static int take_none(enum emf_type type, int *fd, void *arg)
{
	(void)type;
	(void)arg;
	*fd = -1;
	return 0;
}

int ebus_peer_load_record(struct ebus_received *r, const struct emf_record *record, bool partial, void *data)
{
	struct taking taking = { .from = *r, .end = (const char *)data + r->size };
	int err;

	if (!record)
		return r->size && !partial ? -EBADMSG : 0;
	err = emf_record_load(record, r->payload, r->size, partial, data);
	if (err || !emf_record_has_fds(record))
		return err;
	err = emf_record_fds(record, data, give, &taking);
	if (err) {
		emf_record_fds(record, data, take_none, NULL);
		return err;
	}
	*r = taking.from;
	return 0;
}

/* --- frames */

bool ebus_is_text(const char *text, size_t size)
{
	size_t n = strnlen(text, size);

	for (size_t i = 0; i < n; i++)
		if (text[i] < ' ' || text[i] > '~')
			return false;
	return n < size;
}

int ebus_peer_greet(struct ebus_peer *peer, const char *name, const char *version)
{
	struct ebus_hello hello = { .magic = EBUS_MAGIC, .protocol = EBUS_PROTOCOL, .pid = (__u32)getpid() };

	snprintf(hello.name, sizeof(hello.name), "%s", name);
	snprintf(hello.version, sizeof(hello.version), "%s", version);
	return ebus_peer_send(peer, &(struct ebus_frame){ .kind = EBUS_HELLO }, &hello, sizeof(hello));
}

static int on_hello(struct ebus_peer *peer, struct ebus_received *r)
{
	struct ebus_hello hello;

	if (r->size != sizeof(hello) || peer->is_greeted)
		return -EBADMSG;
	memcpy(&hello, r->payload, sizeof(hello));
	if (hello.magic != EBUS_MAGIC || hello.protocol != EBUS_PROTOCOL)
		return -EPROTONOSUPPORT;
	if (!ebus_is_text(hello.name, sizeof(hello.name)) || !ebus_is_text(hello.version, sizeof(hello.version)))
		return -EBADMSG;
	memcpy(peer->name, hello.name, sizeof(peer->name));
	memcpy(peer->version, hello.version, sizeof(peer->version));
	peer->pid = hello.pid;
	peer->is_greeted = true;
	return peer->ops->greeted ? peer->ops->greeted(peer) : 0;
}

static int on_offer(struct ebus_peer *peer, struct ebus_received *r)
{
	struct ebus_offer offer;

	if (r->size != sizeof(offer))
		return -EBADMSG;
	memcpy(&offer, r->payload, sizeof(offer));
	if (!ebus_is_text(offer.name, sizeof(offer.name)) || !peer->ops->offered)
		return -EBADMSG;
	return peer->ops->offered(peer, offer.name);
}

static int on_told(struct ebus_peer *peer, struct ebus_received *r)
{
	return peer->ops->told ? peer->ops->told(peer, r) : -EBADMSG;
}

static int on_frame(void *arg, struct ebus_received *r)
{
	static int (*const on[])(struct ebus_peer *peer, struct ebus_received *r) = {
		[EBUS_HELLO] = on_hello,
		[EBUS_BIND] = ebus_peer_on_bind,
		[EBUS_BOUND] = ebus_peer_on_bound,
		[EBUS_CHANGED] = ebus_peer_on_changed,
		[EBUS_CALL] = ebus_peer_on_call,
		[EBUS_REPLY] = ebus_peer_on_answer,
		[EBUS_FAIL] = ebus_peer_on_answer,
		[EBUS_CANCEL] = ebus_peer_on_cancel,
		[EBUS_SUBSCRIBE] = ebus_peer_on_subscribe,
		[EBUS_UNSUBSCRIBE] = ebus_peer_on_unsubscribe,
		[EBUS_SIGNAL] = ebus_peer_on_signal,
		[EBUS_LOST] = ebus_peer_on_lost,
		[EBUS_OFFER] = on_offer,
		[EBUS_RING] = ebus_peer_on_ring,
		[EBUS_RANG] = ebus_peer_on_rang,
		[EBUS_READ] = ebus_peer_on_read,
		[EBUS_RING_END] = ebus_peer_on_ring_end,
		[EBUS_MISSED] = ebus_peer_on_missed,
		[EBUS_TOLD] = on_told,
	};
	struct ebus_peer *peer = arg;
	unsigned int kind = r->frame->kind;
	int err = 0;

	if (kind >= sizeof(on) / sizeof(*on) || !on[kind] || (!peer->is_greeted && kind != EBUS_HELLO))
		err = -EBADMSG;
	if (!err && peer->n_reads && kind < EBUS_RING)
		ebus_ring_use_read(peer);
	if (!err) {
		ebus_peer_tap(peer, false, r->frame, r->payload, r->size);
		err = on[kind](peer, r);
	}
	if (err)
		ebus_peer_fail(peer, err);
	return peer->error;
}

int ebus_peer_receive(struct ebus_peer *peer, bool wait)
{
	int err = ebus_link_receive(&peer->link, wait, on_frame, peer);

	if (err && err != -EAGAIN)
		ebus_peer_fail(peer, err);
	return peer->error ? peer->error : err;
}

int ebus_peer_flush(struct ebus_peer *peer)
{
	int err = ebus_link_flush(&peer->link);

	if (!err && peer->must_drain) {
		ebus_peer_drain(peer);
		err = ebus_link_flush(&peer->link);
	}
	if (err && err != -EAGAIN)
		ebus_peer_fail(peer, err);
	return err;
}

int ebus_peer_offer(struct ebus_peer *peer, const struct ebus_service *service)
{
	struct ebus_frame frame = { .kind = EBUS_OFFER };
	struct ebus_offer offer = { .name = "" };

	snprintf(offer.name, sizeof(offer.name), "%s", service->name);
	snprintf(offer.version, sizeof(offer.version), "%s", service->version);
	return ebus_peer_send(peer, &frame, &offer, sizeof(offer));
}
