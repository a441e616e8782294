// SPDX-License-Identifier: BSD-2-Clause
/*
 * bus_serve.c - what another process wants of the services of this one.
 */
#include "bus_peer.h"

#include <poll.h>
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

/* NULL for a handle that nothing is bound to. */
static struct ebus_binding *binding_of(const struct ebus_peer *peer, const struct ebus_received *r)
{
	return r->frame->service < EBUS_HANDLES_MAX ? peer->bindings[r->frame->service] : NULL;
}

static bool may(struct ebus_peer *peer, const struct ebus_service *service, const struct ebus_member *member)
{
	return !peer->ops->allowed || peer->ops->allowed(peer, service, member);
}

static void deny(struct ebus_peer *peer, const struct ebus_service *service, const struct ebus_member *member)
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
		b->verdicts[method] = may(b->peer, b->map.service, member) ? 1 : 2;
	if (b->verdicts[method] == 2)
		deny(b->peer, b->map.service, member);
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

static void fail_frame(struct ebus_peer *peer, struct ebus_frame frame, int err)
{
	const struct ebus_failure failure = { .err = err, .error = -1 };

	frame.kind = EBUS_FAIL;
	ebus_peer_send(peer, &frame, &failure, sizeof(failure));
}

static void fail(struct ebus_peer *peer, uint32_t serial, int err)
{
	fail_frame(peer, (struct ebus_frame){ .serial = serial }, err);
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
		memset(reply, 0, (size_t)zero_size(method->out.record));
		err = ebus_call_end(&b->client, depth, method->invoke(&call, args, reply));
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
	struct ebus_binding *b = binding_of(peer, r);
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

/* --- signals */

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

static int wait_and_send(struct ebus_sent_signal *s, const void *data)
{
	struct ebus_peer *peer = s->binding->peer;
	struct pollfd pollfd = { .fd = peer->link.fd, .events = POLLOUT };

	poll(&pollfd, 1, (int)s->block_ms);
	ebus_link_flush(&peer->link);
	return peer->link.blocked ? -ENOBUFS : send_signal(s, data);
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

/* The subscriber is slow: in the queue, or as it wished. */
static int enqueue(struct ebus_sent_signal *s, const void *data)
{
	const struct emf_record *record = record_of(s);
	size_t size = record ? emf_record_wire_size(record, data) : 0;
	int err;

	if (record && emf_record_has_fds(record))
		return -ENOBUFS; /* descriptors do not wait: they would use up those of the process */
	err = push(s, data, size);
	while (err == -ENOBUFS && s->overflow == EBUS_DROP_OLD && s->queue.n) {
		ebus_queue_pop(&s->queue, NULL);
		s->dropped++;
		err = push(s, data, size);
	}
	if (err == -ENOBUFS && s->overflow == EBUS_BLOCK && s->block_ms) {
		ebus_peer_flush(s->binding->peer);
		err = push(s, data, size);
	}
	return err;
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
		else if (err == -ENOBUFS && s->overflow == EBUS_BLOCK)
			err = wait_and_send(s, data);
	}
	if (err == -ENOBUFS)
		err = enqueue(s, data);
	s->dropped += err != 0;
}

void ebus_peer_drain(struct ebus_peer *peer)
{
	for (size_t i = 0; i < EBUS_HANDLES_MAX; i++)
		for (struct ebus_sent_signal *s = peer->bindings[i] ? peer->bindings[i]->signals : NULL; s; s = s->next) {
			struct ebus_frame frame = { .kind = EBUS_SIGNAL, .service = (__u16)i, .member = s->theirs };
			void *to;

			while (s->queue.n && !ebus_link_add(&peer->link, &frame, ebus_queue_first(&s->queue), NULL, 0, &to)) {
				ebus_queue_pop(&s->queue, to);
				s->sent++;
			}
			frame.kind = EBUS_LOST;
			if (s->dropped > s->told &&
			    !ebus_link_send(&peer->link, &frame, &(struct ebus_lost){ s->dropped }, sizeof(struct ebus_lost),
					    NULL, 0))
				s->told = s->dropped;
		}
}

static size_t bounded(uint32_t wished, size_t most)
{
	return wished && wished < most ? wished : most;
}

static int subscribe(struct ebus_binding *b, uint16_t theirs, uint16_t ours, const struct ebus_wish *wish)
{
	struct ebus_sent_signal *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->binding = b;
	s->theirs = theirs;
	s->base.deliver = on_emitted;
	s->overflow = wish->overflow;
	s->block_ms = (uint32_t)bounded(wish->block_ms, EBUS_BLOCK_MAX_MS);
	ebus_queue_init(&s->queue, bounded(wish->max_messages, EBUS_QUEUE_MESSAGES), bounded(wish->max_bytes, EBUS_QUEUE_BYTES));
	s->next = b->signals;
	b->signals = s;
	return ebus_subscribe(&b->client, ours, NULL, &s->base);
}

int ebus_peer_on_subscribe(struct ebus_peer *peer, struct ebus_received *r)
{
	struct ebus_binding *b = binding_of(peer, r);
	uint16_t theirs = r->frame->member, ours;
	struct ebus_wish wish;
	int err = 0;

	if (!b || theirs >= b->map.n_signals || r->size != sizeof(wish) || find_signal(b, theirs))
		return -EBADMSG;
	memcpy(&wish, r->payload, sizeof(wish));
	if (wish.overflow > EBUS_BLOCK)
		return -EBADMSG;
	ours = b->map.signals[theirs];
	if (ours == EBUS_NONE)
		err = b->map.matches[b->map.n_methods + theirs] == EBUS_BROKEN ? -EPROTO : -EOPNOTSUPP;
	else if (!may(peer, b->map.service, &b->map.service->signals[ours]))
		err = -EACCES;
	else
		err = subscribe(b, theirs, ours, &wish);
	if (err == -EACCES)
		deny(peer, b->map.service, &b->map.service->signals[ours]);
	if (err)
		fail_frame(peer, (struct ebus_frame){ .service = b->handle, .member = theirs }, err);
	return 0;
}

static void signal_free(struct ebus_sent_signal *s)
{
	ebus_unsubscribe(&s->base);
	if (s->queue.bytes)
		s->binding->peer->queues_bytes -= s->queue.size;
	ebus_queue_fini(&s->queue);
	free(s);
}

int ebus_peer_on_unsubscribe(struct ebus_peer *peer, struct ebus_received *r)
{
	struct ebus_binding *b = binding_of(peer, r);
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

static void end_forbidden_signals(struct ebus_binding *b)
{
	struct ebus_sent_signal **at = &b->signals;

	while (*at) {
		struct ebus_sent_signal *s = *at;
		const struct ebus_member *member = &b->map.service->signals[s->base.signal];

		if (may(b->peer, b->map.service, member)) {
			at = &s->next;
			continue;
		}
		deny(b->peer, b->map.service, member);
		fail_frame(b->peer, (struct ebus_frame){ .service = b->handle, .member = s->theirs }, -EACCES);
		*at = s->next;
		signal_free(s);
	}
}

void ebus_peer_ask_anew(struct ebus_peer *peer)
{
	for (size_t i = 0; i < EBUS_HANDLES_MAX; i++) {
		if (!peer->bindings[i])
			continue;
		memset(peer->bindings[i]->verdicts, 0, sizeof(peer->bindings[i]->verdicts));
		end_forbidden_signals(peer->bindings[i]);
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
		while (b->signals) {
			struct ebus_sent_signal *s = b->signals;

			b->signals = s->next;
			signal_free(s);
		}
		ebus_unwatch(&b->watcher);
		free(b);
		peer->bindings[i] = NULL;
	}
}
