// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * builtin_monitor.c - signal bus.message: what goes over the bus, for somebody who looks on.
 *
 * Frames are seen where they are sent and received, signals where they are emitted, by
 * somebody who listens to all of them without being a reason to send any. A message may
 * be seen in the middle of anything. So it waits in a queue until the loop turns, and is
 * sent from there; what the queue has no room for is lost, and counted.
 */
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "builtin.h"
#include "bus_tap.h"
#include "emf_emf.h"
#include "record.h"
#include "server.h"

#define WAITING_MAX 16384
#define WAITING_BYTES (2u << 20)
#define NS_PER_S UINT64_C(1000000000)

_Static_assert((int)BUS_KIND_CALL == EBUS_CALL && (int)BUS_KIND_OFFER == EBUS_OFFER, "kinds are those of frames");

static const struct emf_server *server;
static struct ebus_queue waiting;
static struct emf_timer sending;
static struct ebus_listener signals;
static uint64_t n_seen, n_lost;

/* --- from the middle of anything */

/* Somebody else may be connected, too: a module that is itself a client. */
static const struct emf_server_peer *find(const struct ebus_peer *peer)
{
	const struct emf_server_peer *p = server->peers;

	while (p && &p->peer != peer)
		p = p->next;
	return p;
}

/* Losses of who looks on are not seen: each would be about the message before. */
static bool is_of_looking_on(const struct ebus_frame *frame, const struct ebus_seen *seen)
{
	return (frame->kind == EBUS_LOST || frame->kind == EBUS_MISSED) &&
	       !strcmp(seen->member, bus_service.signals[BUS_SIGNAL_MESSAGE].name) && !strcmp(seen->service, bus_service.name);
}

static void keep(struct bus_message *message, const void *payload, size_t size)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	message->at = (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
	message->time = emf_now_ns();
	message->lost = n_lost;
	message->size = size;
	message->is_cut = size > sizeof(message->payload);
	message->payload_len = (__u32)(message->is_cut ? 0 : size);
	if (message->payload_len)
		memcpy(message->payload, payload, size);
	n_seen++;
	if (ebus_queue_push(&waiting, message, emf_record_wire_size(bus_service.signals[BUS_SIGNAL_MESSAGE].in.record, message)))
		n_lost++;
	else if (waiting.n == 1)
		emf_loop_start_timer(&server->emf->loop, NULL, &sending, 0, 0);
}

/* All but its payload is zero; one for all, since it is large. */
static struct bus_message *blank(void)
{
	static struct bus_message message;

	memset(&message, 0, offsetof(struct bus_message, payload));
	return &message;
}

static void put_peer(const struct emf_server_peer *p, char name[64], __u32 *pid)
{
	snprintf(name, 64, "%s", p ? p->peer.name : server->emf->product->name);
	*pid = (__u32)(p ? p->pid : getpid());
}

static void on_frame(struct ebus_peer *peer, bool is_sent, const struct ebus_frame *frame, const void *payload, size_t size)
{
	const struct emf_server_peer *p = find(peer);
	struct bus_message *m;
	struct ebus_seen seen;

	if (!p || !ebus_seen_read(&seen, peer, is_sent, frame, payload, size) || is_of_looking_on(frame, &seen))
		return;
	m = blank();
	m->kind = frame->kind == EBUS_MISSED ? BUS_KIND_LOST : (__u8)frame->kind;
	m->is_sent = is_sent;
	m->serial = frame->serial;
	m->reason = seen.reason;
	m->dropped = seen.lost;
	put_peer(is_sent ? NULL : p, m->from, &m->from_pid);
	put_peer(is_sent ? p : NULL, m->to, &m->to_pid);
	snprintf(m->service, sizeof(m->service), "%s", seen.service);
	snprintf(m->member, sizeof(m->member), "%s", seen.member);
	snprintf(m->error, sizeof(m->error), "%s", seen.error);
	keep(m, seen.payload, seen.size);
}

/* The process that a signal comes from: who provides the service, or who has it sent. */
static const struct emf_server_peer *sender_of(const struct ebus_service *service, unsigned int signal)
{
	const struct ebus_peer *peer = emf_builtin_sender(service, signal);

	if (!peer && service->remote)
		peer = emf_container_of(service->remote, struct ebus_use, remote)->peer;
	return peer ? find(peer) : NULL;
}

static void on_signal(struct ebus_listener *listener, const struct ebus_service *service, unsigned int signal, const void *data)
{
	const struct emf_record *record = service->signals[signal].in.record;
	const struct emf_server_peer *p = sender_of(service, signal);
	struct bus_message *m = blank();

	(void)listener;
	m->kind = BUS_KIND_SIGNAL;
	m->is_sent = !p;
	put_peer(p, m->from, &m->from_pid);
	snprintf(m->service, sizeof(m->service), "%s", service->name);
	snprintf(m->member, sizeof(m->member), "%s", service->signals[signal].name);
	keep(m, data, record ? emf_record_wire_size(record, data) : 0);
}

/* --- from the loop */

static void on_turn(struct emf_timer *timer)
{
	static struct bus_message message;

	/* No more than there are now: handlers may cause others. */
	for (size_t n = waiting.n; n && waiting.n; n--) {
		ebus_queue_pop(&waiting, &message);
		bus_emit_message(&message);
	}
	if (waiting.n)
		emf_loop_start_timer(&server->emf->loop, NULL, timer, 0, 0);
}

static void end(void)
{
	ebus_tap = NULL;
	ebus_unlisten(&signals);
	emf_timer_stop(&sending);
	ebus_queue_fini(&waiting);
	ebus_queue_init(&waiting, WAITING_MAX, WAITING_BYTES);
}

static void on_demand(struct ebus_service *service, unsigned int signal, bool wanted, void *data)
{
	(void)service;
	(void)data;
	if (signal != BUS_SIGNAL_MESSAGE)
		return;
	end();
	if (!wanted)
		return;
	ebus_tap = on_frame;
	if (ebus_listen("*", NULL, &signals) == -ENOMEM)
		emf_err(NULL, "signals are not shown to who monitors the bus: out of memory");
}

int bus_serve_monitors(struct ebus_call *call, struct bus_monitors_reply *reply)
{
	(void)call;
	for (const struct ebus_subscription *s = bus_service.subscriptions[BUS_SIGNAL_MESSAGE]; s; s = s->next)
		reply->listening++;
	reply->messages = n_seen;
	reply->lost = n_lost;
	return 0;
}

void emf_builtin_provide_monitor(const struct emf_server *of)
{
	server = of;
	sending.expired = on_turn;
	signals.heard = on_signal;
	signals.is_passive = true;
	emf_bus_set_demand(&bus_service, on_demand, NULL);
}

void emf_builtin_withdraw_monitor(void)
{
	emf_bus_set_demand(&bus_service, NULL, NULL);
	end();
}
