// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * bus_serve.c - what another process wants of the services of this one.
 */
#include "bus_peer.h"

#include <stdlib.h>

#include "loop.h"
#include "record.h"

/* A call of theirs. */
struct ebus_incoming {
	struct ebus_waiter waiter;
	struct ebus_binding *binding;
	uint32_t serial;
	uint16_t method; /* ours */
	bool is_served; /* its method is running: who waits in it may receive frames */
	bool is_over;	/* answered or cancelled meanwhile */
	struct ebus_incoming *next, *prev;
};

/* --- services that they bind to */

static void on_provider(struct ebus_watcher *watcher, bool provided)
{
	struct ebus_binding *b = emf_container_of(watcher, struct ebus_binding, watcher);
	struct ebus_frame frame = { .kind = EBUS_CHANGED, .service = b->handle, .member = provided };

	ebus_peer_send(b->peer, &frame, NULL, 0);
}

static int answer_bind(struct ebus_peer *peer, uint16_t handle, const struct ebus_binding *b, int err, const char *version)
{
	struct ebus_frame frame = { .kind = EBUS_BOUND, .service = handle };
	size_t n = err ? 0 : b->map.n_methods + b->map.n_signals;
	struct {
		struct ebus_bound head;
		uint8_t matches[2 * EBUS_MEMBERS_MAX];
	} answer = { .head = { .err = err, .provided = !err && b->map.service->ops } };

	strncpy(answer.head.version, version, sizeof(answer.head.version) - 1);
	if (n)
		memcpy(answer.matches, b->map.matches, n);
	return ebus_peer_send(peer, &frame, &answer, sizeof(answer.head) + n);
}

int ebus_peer_on_bind(struct ebus_peer *peer, struct ebus_received *r)
{
	const struct ebus_bind *bind = r->payload;
	uint16_t handle = r->frame->service;
	struct ebus_service *service;
	struct ebus_binding *b;
	int err;

	if (handle >= EBUS_HANDLES_MAX || peer->bindings[handle] || r->size < sizeof(*bind) ||
	    !memchr(bind->name, '\0', sizeof(bind->name)))
		return -EBADMSG;
	service = emf_bus_find(bind->name);
	if (!service)
		return answer_bind(peer, handle, NULL, -ENOENT, "");
	b = calloc(1, sizeof(*b));
	if (!b)
		return -ENOMEM;
	b->peer = peer;
	b->handle = handle;
	b->map.service = b->client.service = service;
	b->watcher.changed = on_provider;
	err = ebus_map_make(&b->map, r->payload, r->size);
	if (err) {
		free(b);
		return err == -EBADMSG ? err : answer_bind(peer, handle, NULL, err, service->version);
	}
	peer->bindings[handle] = b;
	ebus_watch(&b->client, NULL, &b->watcher);
	return answer_bind(peer, handle, b, 0, service->version);
}

struct ebus_binding *ebus_binding_of(const struct ebus_peer *peer, const struct ebus_received *r)
{
	return r->frame->service < EBUS_HANDLES_MAX ? peer->bindings[r->frame->service] : NULL;
}

bool ebus_peer_may(struct ebus_peer *peer, const struct ebus_service *service, const struct ebus_member *member)
{
	return !peer->ops->allowed || peer->ops->allowed(peer, service, member);
}

void ebus_peer_deny(struct ebus_peer *peer, const struct ebus_service *service, const struct ebus_member *member)
{
	peer->denials++;
	if (peer->ops->denied)
		peer->ops->denied(peer, service, member);
}

/* Rules are looked through once for each method, not once for each call. */
static bool may_call(struct ebus_binding *b, uint16_t method)
{
	const struct ebus_member *member = &b->map.service->methods[method];

	if (!b->verdicts[method])
		b->verdicts[method] = ebus_peer_may(b->peer, b->map.service, member) ? 1 : 2;
	if (b->verdicts[method] == 2)
		ebus_peer_deny(b->peer, b->map.service, member);
	return b->verdicts[method] == 1;
}

/* --- calls */

static struct ebus_incoming *incoming_new(struct ebus_peer *peer)
{
	struct ebus_incoming *in = peer->unused_incoming;

	if (peer->n_incoming == EBUS_CALLS_MAX)
		return NULL;
	if (in)
		peer->unused_incoming = in->next;
	else
		in = malloc(sizeof(*in));
	if (!in)
		return NULL;
	in->prev = NULL;
	in->next = peer->incoming;
	if (in->next)
		in->next->prev = in;
	peer->incoming = in;
	peer->n_incoming++;
	return in;
}

static void incoming_free(struct ebus_peer *peer, struct ebus_incoming *in)
{
	if (in->prev)
		in->prev->next = in->next;
	else
		peer->incoming = in->next;
	if (in->next)
		in->next->prev = in->prev;
	in->next = peer->unused_incoming;
	peer->unused_incoming = in;
	peer->n_incoming--;
}

void ebus_peer_refuse(struct ebus_peer *peer, struct ebus_frame frame, int err)
{
	const struct ebus_failure failure = { .err = err, .error = -1 };

	frame.kind = EBUS_FAIL;
	ebus_peer_send(peer, &frame, &failure, sizeof(failure));
}

static void fail(struct ebus_peer *peer, uint32_t serial, int err)
{
	ebus_peer_refuse(peer, (struct ebus_frame){ .serial = serial }, err);
}

/* The typed error that the provider has left with the client. */
static void fail_typed(const struct ebus_binding *b, uint32_t serial)
{
	const struct ebus_service *service = b->map.service;
	struct {
		struct ebus_failure head;
		char bytes[EBUS_ERROR_MAX];
	} failure = { .head = { .err = -EREMOTEIO, .error = -1 } };
	size_t size = 0;

	for (size_t i = 0; b->client.error && i < service->n_errors && i < EBUS_MEMBERS_MAX; i++) {
		const struct emf_record *record = service->errors[i].in.record;

		if (strcmp(service->errors[i].name, b->client.error) || b->map.errors[i] == EBUS_NONE)
			continue;
		failure.head.error = b->map.errors[i];
		size = record ? emf_record_wire_size(record, b->client.error_data.bytes) : 0;
		memcpy(failure.bytes, b->client.error_data.bytes, size);
	}
	ebus_peer_send(b->peer, &(struct ebus_frame){ .kind = EBUS_FAIL, .serial = serial }, &failure,
		       sizeof(failure.head) + size);
}

static void answer(const struct ebus_binding *b, uint16_t method, uint32_t serial, int err, const void *reply)
{
	const struct emf_record *record = b->map.service->methods[method].out.record;
	int sent;

	if (err == -EREMOTEIO) {
		fail_typed(b, serial);
		return;
	}
	if (err) {
		fail(b->peer, serial, err);
		return;
	}
	sent = ebus_peer_send_record(b->peer, &(struct ebus_frame){ .kind = EBUS_REPLY, .serial = serial }, record, reply);
	ebus_peer_close_fds(record, reply); /* an answer gives its descriptors away */
	if (sent == -ENOBUFS || sent == -ENOMEM)
		ebus_peer_fail(b->peer, sent);
	else if (sent)
		fail(b->peer, serial, sent);
}

static void on_answered(struct ebus_waiter *waiter, int err, const void *reply)
{
	struct ebus_incoming *in = emf_container_of(waiter, struct ebus_incoming, waiter);
	struct ebus_peer *peer = in->binding->peer;

	answer(in->binding, in->method, in->serial, err, reply);
	if (in->is_served)
		in->is_over = true;
	else
		incoming_free(peer, in);
}

const struct ebus_member *ebus_peer_incoming(const struct ebus_peer *peer, uint32_t serial,
					     const struct ebus_service **service)
{
	const struct ebus_incoming *in = peer->incoming;

	while (in && in->serial != serial)
		in = in->next;
	if (!in)
		return NULL;
	*service = in->binding->map.service;
	return &(*service)->methods[in->method];
}

struct ebus_peer *ebus_call_peer(const struct ebus_call *call)
{
	if (!call->waiter || call->waiter->answered != on_answered)
		return NULL;
	return emf_container_of(call->waiter, struct ebus_incoming, waiter)->binding->peer;
}

static int zero_size(const struct emf_record *record)
{
	return record ? (int)record->size : 0;
}

/* Has the method called. Return: what it says. */
static int serve(struct ebus_binding *b, struct ebus_incoming *in, struct ebus_received *r, bool partial)
{
	const struct ebus_member *method = &b->map.service->methods[in->method];
	size_t in_size = ((size_t)zero_size(method->in.record) + 7) & ~(size_t)7;
	struct ebus_call call = { &b->client, in->method, &in->waiter };
	uint32_t serial = in->serial;
	uint16_t index = in->method;
	unsigned int depth = ebus_depth;
	struct module *owner = b->map.service->provider;
	struct ebus_room room;
	char *args, *reply;
	int load_err, err = ebus_room_init(&room, in_size + (size_t)zero_size(method->out.record));

	if (err)
		return err;
	args = room.at;
	reply = args + in_size;
	load_err = ebus_peer_load_record(r, method->in.record, partial, args);
	err = load_err ? load_err : ebus_call_begin(&b->client, depth);
	if (!err) {
		uint64_t began = emf_loop_begin(owner);

		memset(reply, 0, (size_t)zero_size(method->out.record));
		err = ebus_call_end(&b->client, depth, method->invoke(&call, args, reply));
		emf_loop_end(owner, began);
	}
	if (!load_err) /* else they are numbers that the caller chose */
		ebus_peer_close_fds(method->in.record, args);
	if (err != -EINPROGRESS)
		answer(b, index, serial, err > 0 ? -EPROTO : err, reply);
	ebus_room_fini(&room);
	return err;
}

int ebus_peer_on_call(struct ebus_peer *peer, struct ebus_received *r)
{
	struct ebus_binding *b = ebus_binding_of(peer, r);
	uint16_t theirs = r->frame->member, method;
	struct ebus_incoming *in;
	int err;

	if (!b || theirs >= b->map.n_methods)
		return -EBADMSG;
	method = b->map.methods[theirs];
	if (method == EBUS_NONE) {
		fail(peer, r->frame->serial, b->map.matches[theirs] == EBUS_BROKEN ? -EPROTO : -EOPNOTSUPP);
		return 0;
	}
	if (!may_call(b, method)) {
		fail(peer, r->frame->serial, -EACCES);
		return 0;
	}
	in = incoming_new(peer);
	if (!in) {
		fail(peer, r->frame->serial, -EBUSY);
		return 0;
	}
	in->waiter = (struct ebus_waiter){ .answered = on_answered, .client = &b->client };
	in->binding = b;
	in->serial = r->frame->serial;
	in->method = method;
	in->is_served = true;
	in->is_over = false;
	peer->calls++;
	err = serve(b, in, r, b->map.matches[theirs] == EBUS_PARTIAL);
	in->is_served = false;
	if (err == -EINPROGRESS && !in->is_over && in->waiter.deferred)
		return 0;
	if (err == -EINPROGRESS && !in->is_over) /* one that keeps nothing would never answer */
		fail(peer, in->serial, -EPROTO);
	emf_bus_waiter_cancel(&in->waiter);
	incoming_free(peer, in);
	return 0;
}

int ebus_peer_on_cancel(struct ebus_peer *peer, struct ebus_received *r)
{
	for (struct ebus_incoming *in = peer->incoming; in; in = in->next) {
		if (in->serial != r->frame->serial || in->is_over)
			continue;
		if (in->is_served) {
			in->is_over = true; /* what it answers at once is answered still */
			break;
		}
		emf_bus_waiter_cancel(&in->waiter);
		incoming_free(peer, in);
		break;
	}
	return 0; /* it was answered already: that crossed */
}

void ebus_peer_ask_anew(struct ebus_peer *peer)
{
	for (size_t i = 0; i < EBUS_HANDLES_MAX; i++) {
		if (!peer->bindings[i])
			continue;
		memset(peer->bindings[i]->verdicts, 0, sizeof(peer->bindings[i]->verdicts));
		ebus_binding_end_signals(peer->bindings[i], true);
	}
}

void ebus_peer_end_serving(struct ebus_peer *peer)
{
	while (peer->incoming) {
		struct ebus_incoming *in = peer->incoming;

		emf_bus_waiter_cancel(&in->waiter);
		incoming_free(peer, in);
	}
	while (peer->unused_incoming) {
		struct ebus_incoming *in = peer->unused_incoming;

		peer->unused_incoming = in->next;
		free(in);
	}
	for (size_t i = 0; i < EBUS_HANDLES_MAX; i++) {
		struct ebus_binding *b = peer->bindings[i];

		if (!b)
			continue;
		ebus_binding_end_signals(b, false);
		ebus_unwatch(&b->watcher);
		free(b);
		peer->bindings[i] = NULL;
	}
}
