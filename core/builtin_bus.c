// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * builtin_bus.c - service bus: who is connected, what waits for whom, what was lost.
 */
#include <stdio.h>

#include "builtin.h"
#include "emf_emf.h"
#include "server.h"

static const struct emf_server *server;

static uint32_t count_services(const struct ebus_peer *peer)
{
	uint32_t n = 0;

	for (size_t i = 0; i < EBUS_HANDLES_MAX; i++)
		n += peer->uses[i] && peer->uses[i]->service->remote == &peer->uses[i]->remote;
	return n;
}

int bus_serve_peers(struct ebus_call *call, struct bus_peers_reply *reply)
{
	(void)call;
	for (const struct emf_server_peer *p = server->peers; p; p = p->next) {
		struct bus_peer *row = &reply->rows[reply->rows_len];

		if (reply->rows_len == sizeof(reply->rows) / sizeof(reply->rows[0]))
			break;
		snprintf(row->name, sizeof(row->name), "%s", p->peer.name);
		row->pid = (uint32_t)p->pid;
		row->uid = p->uid;
		row->since = emf_now_ns() - p->since_ns;
		row->calls = p->peer.calls;
		row->under_way = (uint32_t)p->peer.n_incoming;
		row->provides = count_services(&p->peer);
		row->denials = p->peer.denials;
		row->waiting = p->peer.link.queued_bytes;
		reply->rows_len++;
	}
	return 0;
}

static void add(const struct emf_server_peer *p, const struct ebus_sent_signal *s, void *data)
{
	const struct ebus_service *service = s->binding->map.service;
	struct bus_subscriptions_reply *reply = data;
	struct bus_subscription *row = &reply->rows[reply->rows_len];

	if (reply->rows_len == sizeof(reply->rows) / sizeof(reply->rows[0]))
		return;
	snprintf(row->service, sizeof(row->service), "%s", service->name);
	snprintf(row->signal, sizeof(row->signal), "%s", service->signals[s->base.signal].name);
	row->pid = (uint32_t)p->pid;
	row->seen = ebus_sent_seen(s);
	row->dropped = s->dropped + s->missed;
	/* What waits is neither yet; it counts as sent until its reader says otherwise. */
	row->sent = row->seen - row->dropped;
	row->waiting = (uint32_t)s->queue.n;
	row->shared = s->by_ring.ring != NULL;
	reply->rows_len++;
}

void emf_builtin_each_subscription(const struct emf_server *of, void *data,
				   void (*each)(const struct emf_server_peer *p, const struct ebus_sent_signal *s, void *data))
{
	for (const struct emf_server_peer *p = of->peers; p; p = p->next)
		for (size_t i = 0; i < EBUS_HANDLES_MAX; i++)
			for (const struct ebus_sent_signal *s = p->peer.bindings[i] ? p->peer.bindings[i]->signals : NULL; s; s = s->next)
				each(p, s, data);
}

int bus_serve_subscriptions(struct ebus_call *call, struct bus_subscriptions_reply *reply)
{
	(void)call;
	emf_builtin_each_subscription(server, reply, add);
	return 0;
}

int bus_serve_totals(struct ebus_call *call, struct bus_totals_reply *reply)
{
	(void)call;
	*reply = (struct bus_totals_reply){ .connections = server->connections, .turned_away = server->turned_away,
					    .denials = server->denials };
	return 0;
}

void emf_builtin_provide_bus(const struct emf_server *of)
{
	static const struct bus_ops ops = BUS_SERVED;

	server = of;
	ebus_provide(&bus_service, &ops, NULL);
	emf_builtin_provide_monitor(of);
}

void emf_builtin_withdraw_bus(void)
{
	emf_builtin_withdraw_monitor();
	ebus_withdraw(&bus_service, NULL);
}
