// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * bus_tap.c - frames in words, for somebody who looks on. What came was not checked yet.
 */
#include "bus_tap.h"

/* The last call that came: the answer to one that was refused finds it nowhere else. */
static struct {
	const struct ebus_peer *peer;
	uint32_t serial;
	const char *service, *member;
} last;

static const char *name_of(const struct ebus_member *members, size_t n, size_t i)
{
	return i < n ? members[i].name : "";
}

/* A member as who has bound to a service of ours numbers it. */
static bool by_binding(struct ebus_seen *seen, const struct ebus_peer *peer, const struct ebus_frame *frame, bool is_method)
{
	const struct ebus_binding *b = frame->service < EBUS_HANDLES_MAX ? peer->bindings[frame->service] : NULL;
	const struct ebus_service *s;

	if (!b || frame->member >= (is_method ? b->map.n_methods : b->map.n_signals))
		return false;
	s = b->map.service;
	seen->service = s->name;
	seen->member = is_method ? name_of(s->methods, s->n_methods, b->map.methods[frame->member]) :
				   name_of(s->signals, s->n_signals, b->map.signals[frame->member]);
	return true;
}

/* A member of a service of theirs, as we number it. */
static bool by_use(struct ebus_seen *seen, const struct ebus_peer *peer, const struct ebus_frame *frame, bool is_method)
{
	const struct ebus_use *use = frame->service < EBUS_HANDLES_MAX ? peer->uses[frame->service] : NULL;

	if (!use || frame->member >= (is_method ? use->service->n_methods : use->service->n_signals))
		return false;
	seen->service = use->service->name;
	seen->member = (is_method ? use->service->methods : use->service->signals)[frame->member].name;
	return true;
}

static bool of_theirs(struct ebus_seen *seen, const struct ebus_peer *peer, uint32_t serial)
{
	const struct ebus_service *service;
	const struct ebus_member *method = ebus_peer_incoming(peer, serial, &service);

	if (method) {
		seen->service = service->name;
		seen->member = method->name;
		return true;
	}
	if (last.peer != peer || last.serial != serial)
		return false;
	seen->service = last.service;
	seen->member = last.member;
	return true;
}

static bool of_ours(struct ebus_seen *seen, const struct ebus_peer *peer, uint32_t serial)
{
	const struct ebus_outgoing *out = ebus_outgoing_of(peer, serial);

	if (!out)
		return false;
	seen->service = out->use->service->name;
	seen->member = out->use->service->methods[out->method].name;
	return true;
}

static const struct ebus_service *service_of(const struct ebus_seen *seen)
{
	return emf_bus_find(seen->service);
}

/* Errors are numbered by who called. */
static const char *error_name(const struct ebus_seen *seen, const struct ebus_peer *peer, bool is_sent, int error)
{
	const struct ebus_service *s = service_of(seen);

	if (error < 0 || !s)
		return "";
	if (!is_sent)
		return name_of(s->errors, s->n_errors, (size_t)error);
	for (size_t h = 0; h < EBUS_HANDLES_MAX; h++)
		for (size_t i = 0; peer->bindings[h] && peer->bindings[h]->map.service == s && i < s->n_errors; i++)
			if (peer->bindings[h]->map.errors[i] == error)
				return s->errors[i].name;
	return "";
}

static bool read_failure(struct ebus_seen *seen, const struct ebus_peer *peer, bool is_sent, const struct ebus_frame *frame)
{
	struct ebus_failure failure;
	bool found;

	if (seen->size < sizeof(failure))
		return false;
	if (frame->serial)
		found = is_sent ? of_theirs(seen, peer, frame->serial) : of_ours(seen, peer, frame->serial);
	else /* of a subscription */
		found = is_sent ? by_binding(seen, peer, frame, false) : by_use(seen, peer, frame, false);
	if (!found)
		return false;
	memcpy(&failure, seen->payload, sizeof(failure));
	seen->reason = failure.err < 0 && failure.err >= -4095 ? failure.err : -EPROTO; /* MAX_ERRNO, include/linux/err.h */
	seen->error = error_name(seen, peer, is_sent, failure.error);
	seen->payload = (const char *)seen->payload + sizeof(failure);
	seen->size -= sizeof(failure);
	return true;
}

/* Who sends signals tells how many it had no room for; who reads them of a ring, how many were gone: @is_ours of this process. */
static bool read_loss(struct ebus_seen *seen, const struct ebus_peer *peer, bool is_ours, const struct ebus_frame *frame)
{
	if (seen->size != sizeof(struct ebus_lost))
		return false;
	memcpy(&seen->lost, seen->payload, sizeof(seen->lost));
	seen->size = 0;
	return is_ours ? by_binding(seen, peer, frame, false) : by_use(seen, peer, frame, false);
}

static bool read_offer(struct ebus_seen *seen)
{
	const struct ebus_offer *offer = seen->payload;

	if (seen->size != sizeof(*offer) || !ebus_is_text(offer->name, sizeof(offer->name)))
		return false;
	seen->service = offer->name;
	seen->size = 0;
	return true;
}

bool ebus_seen_read(struct ebus_seen *seen, const struct ebus_peer *peer, bool is_sent, const struct ebus_frame *frame,
		    const void *payload, size_t size)
{
	*seen = (struct ebus_seen){ .service = "", .member = "", .error = "", .payload = payload, .size = size };
	switch (frame->kind) {
	case EBUS_CALL:
		if (is_sent)
			return by_use(seen, peer, frame, true);
		if (!by_binding(seen, peer, frame, true))
			return false;
		last.peer = peer;
		last.serial = frame->serial;
		last.service = seen->service;
		last.member = seen->member;
		return true;
	case EBUS_REPLY:
		return is_sent ? of_theirs(seen, peer, frame->serial) : of_ours(seen, peer, frame->serial);
	case EBUS_CANCEL:
		return is_sent ? of_ours(seen, peer, frame->serial) : of_theirs(seen, peer, frame->serial);
	case EBUS_FAIL:
		return read_failure(seen, peer, is_sent, frame);
	case EBUS_SUBSCRIBE:
	case EBUS_UNSUBSCRIBE:
		seen->size = 0; /* how much may wait: for the two only */
		return is_sent ? by_use(seen, peer, frame, false) : by_binding(seen, peer, frame, false);
	case EBUS_LOST:
		return read_loss(seen, peer, is_sent, frame);
	case EBUS_MISSED:
		return read_loss(seen, peer, !is_sent, frame);
	case EBUS_OFFER:
		return read_offer(seen);
	default: /* signals are seen where they are emitted, once and not for each who hears them */
		return false;
	}
}
