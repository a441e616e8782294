// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * builtin_send.c - bus.send(): a signal that a process sends in the place of its provider.
 */
#include "builtin.h"
#include "bus_peer.h"
#include "emf_emf.h"
#include "record.h"
#include "schema.h"
#include "server.h"

/* What is being delivered, and for whom. */
struct sending {
	const struct ebus_peer *peer;
	const struct ebus_service *service;
	unsigned int signal;
};

static struct sending sending;

const struct ebus_peer *emf_builtin_sender(const struct ebus_service *service, unsigned int signal)
{
	return sending.service == service && sending.signal == signal ? sending.peer : NULL;
}

static uint32_t count_listeners(const struct ebus_service *service, unsigned int signal)
{
	uint32_t n = 0;

	for (const struct ebus_subscription *s = service->subscriptions[signal]; s; s = s->next)
		n += !s->is_passive;
	return n;
}

static int emit(struct ebus_service *service, unsigned int signal, const struct bus_send_args *args)
{
	const struct emf_record *record = service->signals[signal].in.record;
	struct ebus_room room;
	int err;

	if (!record) {
		if (args->payload_len)
			return -EBADMSG;
		ebus_emit(service, signal, NULL);
		return 0;
	}
	err = ebus_room_init(&room, record->size);
	if (err)
		return err;
	err = emf_record_load(record, args->payload, args->payload_len, false, room.at);
	if (!err)
		ebus_emit(service, signal, room.at);
	ebus_room_fini(&room);
	return err;
}

int bus_serve_send(struct ebus_call *call, const struct bus_send_args *args, struct bus_send_reply *reply)
{
	struct ebus_service *service = emf_bus_find(args->service);
	const struct ebus_member *signal = service ? emf_schema_member(service->signals, service->n_signals, args->signal) : NULL;
	const struct sending outer = sending;
	struct ebus_peer *peer = ebus_call_peer(call);
	unsigned int index;
	int err;

	if (!signal)
		return -ENOENT;
	/* One that is in this process is trusted as its modules are. */
	if (peer && !emf_server_may_send(peer, service, signal))
		return -EACCES;
	/* Descriptors are not handed on by number, and what is told of messages is what there was. */
	if (service == &bus_service || (signal->in.record && emf_record_has_fds(signal->in.record)))
		return -EOPNOTSUPP;
	index = (unsigned int)(signal - service->signals);
	reply->heard = count_listeners(service, index);
	sending = (struct sending){ peer, service, index };
	err = emit(service, index, args);
	sending = outer;
	return err;
}
