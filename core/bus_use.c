// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * bus_use.c - services of another process that this one calls and listens to.
 */
#include "bus_peer.h"

#include <stdlib.h>
#include <unistd.h>

#include "loop.h"
#include "record.h"

#define INDEX_BITS 10 /* of a serial: EBUS_CALLS_MAX; the rest tells late answers from those to the next call */
#define GROWTH 32

_Static_assert(EBUS_CALLS_MAX == 1u << INDEX_BITS, "a serial has a place in the table");

/* Somebody who waits in this thread. */
struct sync {
	struct ebus_waiter waiter;
	const struct emf_record *record;
	void *reply;
	int err;
	bool done;
};

/* --- calls */

static int grow(struct ebus_peer *peer)
{
	size_t n = peer->n_outgoing + GROWTH;
	struct ebus_outgoing **table, *more;

	if (n > EBUS_CALLS_MAX)
		return -EBUSY;
	table = realloc(peer->outgoing, n * sizeof(struct ebus_outgoing *));
	if (!table)
		return -ENOMEM;
	peer->outgoing = table;
	for (size_t i = peer->n_outgoing; i < n; i++) {
		more = calloc(1, sizeof(*more));
		if (!more)
			return peer->unused_outgoing ? 0 : -ENOMEM;
		more->index = (uint32_t)i;
		more->next = peer->unused_outgoing;
		peer->unused_outgoing = more;
		peer->outgoing[i] = more;
		peer->n_outgoing = i + 1;
	}
	return 0;
}

static void release(struct ebus_outgoing *out)
{
	struct ebus_peer *peer = out->use->peer;

	out->is_used = false;
	out->next = peer->unused_outgoing;
	peer->unused_outgoing = out;
}

static void on_cancelled(struct ebus_deferred *deferred)
{
	struct ebus_outgoing *out = emf_container_of(deferred, struct ebus_outgoing, deferred);
	struct ebus_peer *peer = out->use->peer;

	if (!peer->error)
		ebus_peer_send(peer, &(struct ebus_frame){ .kind = EBUS_CANCEL, .serial = out->serial }, NULL, 0);
	release(out);
}

static int start(struct ebus_use *use, struct ebus_call *call, const void *args)
{
	const struct ebus_member *method = &use->service->methods[call->method];
	struct ebus_peer *peer = use->peer;
	struct ebus_frame frame = { .kind = EBUS_CALL, .service = use->handle, .member = (__u16)call->method };
	struct ebus_outgoing *out;
	int err;

	if (peer->error)
		return -ENOTCONN;
	if (use->matches[call->method] == EBUS_ABSENT)
		return -EOPNOTSUPP;
	if (use->matches[call->method] == EBUS_BROKEN)
		return -EPROTO;
	if (!peer->unused_outgoing) {
		err = grow(peer);
		if (err)
			return err;
	}
	out = peer->unused_outgoing;
	if (!(++peer->serial << INDEX_BITS)) /* 0 is no call */
		peer->serial++;
	frame.serial = peer->serial << INDEX_BITS | out->index;
	err = ebus_peer_send_record(peer, &frame, method->in.record, args);
	if (err)
		return err;
	peer->unused_outgoing = out->next;
	*out = (struct ebus_outgoing){ .deferred.cancelled = on_cancelled, .use = use, .serial = frame.serial,
				       .index = out->index, .method = (uint16_t)call->method, .is_used = true };
	return ebus_defer(call, &out->deferred);
}

static void on_done(struct ebus_waiter *waiter, int err, const void *reply)
{
	struct sync *sync = emf_container_of(waiter, struct sync, waiter);

	if (reply && sync->record)
		memcpy(sync->reply, reply, sync->record->size);
	sync->err = err;
	sync->done = true;
}

static int call_and_wait(struct ebus_use *use, struct ebus_call *call, const void *args, void *reply)
{
	struct ebus_peer *peer = use->peer;
	uint64_t until = emf_now_ns() + (peer->timeout_ms ? peer->timeout_ms : EBUS_TIMEOUT_MS) * UINT64_C(1000000);
	struct sync sync = { .waiter = { .answered = on_done, .client = call->client },
			     .record = use->service->methods[call->method].out.record, .reply = reply };
	struct ebus_call waiting = { call->client, call->method, &sync.waiter };
	int err = start(use, &waiting, args);

	if (err != -EINPROGRESS)
		return err;
	err = 0;
	while (!sync.done && !err)
		err = peer->ops->wait(peer, until);
	if (sync.done)
		return sync.err;
	emf_bus_waiter_cancel(&sync.waiter);
	return err;
}

static int on_call(struct ebus_remote *remote, struct ebus_call *call, const void *args, void *reply)
{
	struct ebus_use *use = emf_container_of(remote, struct ebus_use, remote);

	if (call->waiter)
		return start(use, call, args);
	return use->peer->ops->wait ? call_and_wait(use, call, args, reply) : -EWOULDBLOCK;
}

struct ebus_outgoing *ebus_outgoing_of(const struct ebus_peer *peer, uint32_t serial)
{
	uint32_t index = serial & (EBUS_CALLS_MAX - 1);
	struct ebus_outgoing *out = index < peer->n_outgoing ? peer->outgoing[index] : NULL;

	return out && out->is_used && out->serial == serial ? out : NULL;
}

static void fail(struct ebus_outgoing *out, struct ebus_received *r)
{
	const struct ebus_service *service = out->use->service;
	_Alignas(8) char error[EBUS_ERROR_MAX];
	struct ebus_failure failure;
	struct ebus_received data = *r;
	const struct emf_record *record;

	memcpy(&failure, r->payload, sizeof(failure));
	if (out->deferred.waiter)
		out->deferred.waiter->client->error = NULL; /* of a call before this one */
	if (failure.err == -EINPROGRESS)
		failure.err = -EPROTO; /* it says that an answer comes later, and this is it */
	if (failure.err != -EREMOTEIO || failure.error < 0 || (size_t)failure.error >= service->n_errors) {
		/* 4095: MAX_ERRNO, include/linux/err.h */
		ebus_answer(&out->deferred, failure.err < 0 && failure.err >= -4095 ? failure.err : -EPROTO, NULL);
		return;
	}
	data.payload = (const char *)r->payload + sizeof(failure);
	data.size = r->size - sizeof(failure);
	record = service->errors[failure.error].in.record;
	if (record && (record->size > sizeof(error) || emf_record_load(record, data.payload, data.size, true, error)))
		ebus_answer(&out->deferred, -EBADMSG, NULL);
	else
		ebus_fail_later(&out->deferred, service->errors[failure.error].name, error, record ? record->size : 0);
}

struct ebus_use *ebus_use_of(const struct ebus_peer *peer, const struct ebus_received *r)
{
	return r->frame->service < EBUS_HANDLES_MAX ? peer->uses[r->frame->service] : NULL;
}

static int on_refused(struct ebus_peer *peer, struct ebus_received *r)
{
	struct ebus_use *use = ebus_use_of(peer, r);
	struct ebus_failure failure;

	if (!use || r->frame->member >= use->service->n_signals || r->frame->kind != EBUS_FAIL)
		return -EBADMSG;
	memcpy(&failure, r->payload, sizeof(failure));
	if (peer->ops->refused)
		peer->ops->refused(peer, use->service, r->frame->member, failure.err);
	return 0;
}

int ebus_peer_on_answer(struct ebus_peer *peer, struct ebus_received *r)
{
	struct ebus_outgoing *out = ebus_outgoing_of(peer, r->frame->serial);
	const struct ebus_member *method;
	struct ebus_room room;
	int err;

	if (r->frame->kind == EBUS_FAIL && r->size < sizeof(struct ebus_failure))
		return -EBADMSG;
	if (!r->frame->serial)
		return on_refused(peer, r);
	if (!out)
		return 0;
	out->is_used = false; /* a second answer is to none, also while this one is dealt with */
	if (r->frame->kind == EBUS_FAIL) {
		fail(out, r);
		release(out);
		return 0;
	}
	method = &out->use->service->methods[out->method];
	err = ebus_room_init(&room, method->out.record ? method->out.record->size : 0);
	if (!err) {
		err = ebus_peer_load_record(r, method->out.record, out->use->matches[out->method] == EBUS_PARTIAL, room.at);
		ebus_answer(&out->deferred, err, room.at);
		ebus_room_fini(&room);
	} else {
		ebus_answer(&out->deferred, err, NULL);
	}
	release(out);
	return 0;
}

/* --- signals */

static void on_demand(struct ebus_service *service, unsigned int signal, bool wanted, void *data)
{
	struct ebus_use *use = data;
	struct ebus_frame frame = { .kind = wanted ? EBUS_SUBSCRIBE : EBUS_UNSUBSCRIBE, .service = use->handle,
				    .member = (__u16)signal };
	struct ebus_used_signal *used = &use->used[signal];
	struct ebus_wish wish = { .flags = use->peer->takes_rings ? EBUS_WISH_RING : 0 };

	if (wanted)
		*used = (struct ebus_used_signal){ .serial = used->serial + 1, .before = used->before + used->unsent + used->unread };
	else
		ebus_ring_use_stop(use, signal);
	frame.serial = used->serial;
	if (wanted && use->peer->ops->wish)
		use->peer->ops->wish(service, signal, &wish);
	if (!use->peer->error && use->matches[service->n_methods + signal] <= EBUS_PARTIAL)
		ebus_peer_send(use->peer, &frame, wanted ? &wish : NULL, wanted ? sizeof(wish) : 0);
}

int ebus_peer_on_signal(struct ebus_peer *peer, struct ebus_received *r)
{
	struct ebus_use *use = ebus_use_of(peer, r);
	const struct emf_record *record;
	struct ebus_room room;
	int err;

	if (!use || !use->settled || r->frame->member >= use->service->n_signals)
		return -EBADMSG;
	if (use->service->remote != &use->remote)
		return 0; /* somebody else provides it: that one's signals count */
	record = use->service->signals[r->frame->member].in.record;
	err = ebus_room_init(&room, record ? record->size : 0);
	if (err)
		return err;
	err = ebus_peer_load_record(r, record, use->matches[use->service->n_methods + r->frame->member] == EBUS_PARTIAL,
				    room.at);
	if (!err) {
		ebus_emit(use->service, r->frame->member, room.at);
		ebus_peer_close_fds(record, room.at); /* a handler that keeps one has made its own of it */
	}
	ebus_room_fini(&room);
	return err;
}

int ebus_peer_on_lost(struct ebus_peer *peer, struct ebus_received *r)
{
	struct ebus_use *use = ebus_use_of(peer, r);
	struct ebus_lost lost;

	if (!use || r->frame->member >= use->service->n_signals || r->size != sizeof(lost))
		return -EBADMSG;
	memcpy(&lost, r->payload, sizeof(lost));
	use->used[r->frame->member].unsent = lost.lost;
	return 0;
}

/* --- binding */

int ebus_peer_use(struct ebus_peer *peer, struct ebus_service *service)
{
	struct ebus_frame frame = { .kind = EBUS_BIND };
	struct ebus_use *use;
	size_t handle = 0;
	void *to;
	int err;

	for (size_t i = 0; i < EBUS_HANDLES_MAX; i++)
		if (peer->uses[i] && peer->uses[i]->service == service)
			return peer->uses[i]->settled ? -EALREADY : 0;
	while (handle < EBUS_HANDLES_MAX && peer->uses[handle])
		handle++;
	if (handle == EBUS_HANDLES_MAX)
		return -ENOBUFS;
	use = calloc(1, sizeof(*use) + service->n_signals * sizeof(use->used[0]));
	if (!use)
		return -ENOMEM;
	*use = (struct ebus_use){ .remote.call = on_call, .peer = peer, .handle = (uint16_t)handle, .service = service };
	frame.service = use->handle;
	err = ebus_link_add(&peer->link, &frame, ebus_bind_size(service), NULL, 0, &to);
	if (err) {
		free(use);
		return err;
	}
	ebus_bind_write(service, to);
	peer->uses[handle] = use;
	return 0;
}

static void settle(struct ebus_use *use, bool provided)
{
	if (provided)
		emf_bus_provide_remote(use->service, &use->remote); /* unless a module does by now */
	else
		emf_bus_withdraw_remote(use->service, &use->remote);
}

int ebus_peer_on_bound(struct ebus_peer *peer, struct ebus_received *r)
{
	struct ebus_use *use = ebus_use_of(peer, r);
	const struct ebus_service *service;
	struct ebus_bound bound;
	size_t n;

	if (!use || use->settled || r->size < sizeof(bound))
		return -EBADMSG;
	service = use->service;
	memcpy(&bound, r->payload, sizeof(bound));
	n = service->n_methods + service->n_signals;
	if (!ebus_is_text(bound.version, sizeof(bound.version)) || bound.err > 0 || (!bound.err && r->size != sizeof(bound) + n))
		return -EBADMSG;
	use->settled = true;
	if (!bound.err) {
		memcpy(use->matches, (const char *)r->payload + sizeof(bound), n);
		emf_bus_set_demand(use->service, on_demand, use);
		settle(use, bound.provided);
	}
	if (peer->ops->settled)
		peer->ops->settled(peer, use->service, bound.err, bound.version);
	if (bound.err) {
		peer->uses[use->handle] = NULL;
		free(use);
	}
	return 0;
}

int ebus_peer_on_changed(struct ebus_peer *peer, struct ebus_received *r)
{
	struct ebus_use *use = ebus_use_of(peer, r);

	if (!use || !use->settled)
		return -EBADMSG;
	settle(use, r->frame->member);
	return 0;
}

static void end_use(struct ebus_use *use)
{
	if (use->service->demand_data == use)
		emf_bus_set_demand(use->service, NULL, NULL);
	emf_bus_withdraw_remote(use->service, &use->remote);
}

void ebus_peer_end_using(struct ebus_peer *peer)
{
	ebus_ring_use_end(peer);
	for (size_t i = 0; i < EBUS_HANDLES_MAX; i++)
		if (peer->uses[i])
			end_use(peer->uses[i]);
	for (size_t i = 0; i < EBUS_HANDLES_MAX; i++) {
		free(peer->uses[i]);
		peer->uses[i] = NULL;
	}
	for (size_t i = 0; i < peer->n_outgoing; i++)
		free(peer->outgoing[i]);
	free(peer->outgoing);
	peer->outgoing = NULL;
	peer->n_outgoing = 0;
	peer->unused_outgoing = NULL;
}
