// SPDX-License-Identifier: BSD-2-Clause
/*
 * bus.c - the ebus inside of a product: who serves what, who listens to what.
 */
#include "bus.h"

#include <emf/log.h>

#include "loop.h"

unsigned int ebus_depth;

/* A signal that is being delivered; handlers may emit others, so they are a stack. */
struct emission {
	struct ebus_subscription *next;
	struct emission *outer;
};

static struct emission *emissions;
static bool endless; /* one was refused: no more inside of the outermost */
static struct ebus_service *services; /* that somebody subscribed to */
static uint64_t serial;

int emf_bus_provide(struct module *m)
{
	for (const struct emf_provided *p = m->provides; p && p->service; p++) {
		if (p->service->provider) {
			emf_err(m, "service %s is provided by module %s already: run only one of the two", p->service->name,
				p->service->provider->name);
			emf_bus_withdraw(m);
			return -EEXIST;
		}
		p->service->provider = m;
		p->service->ops = p->ops;
	}
	return 0;
}

void emf_bus_withdraw(struct module *m)
{
	for (const struct emf_provided *p = m->provides; p && p->service; p++) {
		if (p->service->provider != m)
			continue;
		p->service->provider = NULL;
		p->service->ops = NULL;
	}
}

const char *emf_bus_missing(const struct module *m)
{
	for (const struct emf_used *u = m->uses; u && u->service; u++)
		if (!u->optional && !u->service->ops)
			return u->service->name;
	return NULL;
}

bool emf_bus_needs(const struct module *user, const struct module *provider)
{
	for (const struct emf_used *u = user->uses; u && u->service; u++)
		for (const struct emf_provided *p = provider->provides; p && p->service; p++)
			if (u->service == p->service && !u->optional)
				return true;
	return false;
}

int ebus_subscribe(struct ebus_client *client, unsigned int signal, struct module *m,
		   struct ebus_subscription *subscription)
{
	struct ebus_service *service = client->service;
	struct ebus_subscription **at = &service->subscriptions[signal];

	if (subscription->list)
		return -EALREADY;
	subscription->list = at;
	subscription->owner = m;
	subscription->serial = ++serial;
	subscription->next = NULL;
	while (*at)
		at = &(*at)->next;
	*at = subscription;
	if (!service->listed) {
		service->listed = true;
		service->next = services;
		services = service;
	}
	return 0;
}

void ebus_unsubscribe(struct ebus_subscription *subscription)
{
	struct ebus_subscription **at = subscription->list;

	if (!at)
		return;
	/* Who is delivering goes on behind it. */
	for (struct emission *e = emissions; e; e = e->outer)
		if (e->next == subscription)
			e->next = subscription->next;
	while (*at != subscription)
		at = &(*at)->next;
	*at = subscription->next;
	subscription->list = NULL;
	subscription->next = NULL;
}

void ebus_emit(struct ebus_service *service, unsigned int signal, const void *data)
{
	struct emission emission = { .next = service->subscriptions[signal], .outer = emissions };
	uint64_t newest = serial;

	if (!emission.next)
		return;
	/* Two handlers that emit again would be called 2^EBUS_DEPTH_MAX times, were only the deepest refused. */
	if (emissions && endless)
		return;
	if (ebus_depth >= EBUS_DEPTH_MAX) {
		endless = true;
		emf_err(service->provider, "signal %s.%s was not delivered: its handlers emit it again, without end",
			service->name, service->signals[signal].name);
		return;
	}
	endless = false;
	ebus_depth++;
	emissions = &emission;
	while (emission.next) {
		struct ebus_subscription *subscription = emission.next;

		emission.next = subscription->next;
		if (subscription->serial <= newest)
			subscription->deliver(subscription, data);
	}
	emissions = emission.outer;
	ebus_depth--;
}

void emf_bus_remove_owner(const struct module *m)
{
	for (struct ebus_service *service = services; service; service = service->next)
		for (size_t i = 0; i < service->n_signals; i++)
			for (struct ebus_subscription *s = service->subscriptions[i], *next; s; s = next) {
				next = s->next;
				if (s->owner == m)
					ebus_unsubscribe(s);
			}
}

static void on_async(struct emf_timer *timer)
{
	struct ebus_async *async = emf_container_of(timer, struct ebus_async, timer);

	async->run(async);
}

int ebus_async_start(struct ebus_async *async, struct module *m)
{
	if (async->timer.source.kind != EMF_SOURCE_NONE)
		return -EALREADY;
	async->timer.expired = on_async;
	return emf_timer_start(m, &async->timer, 0, 0);
}

void ebus_async_cancel(struct ebus_async *async)
{
	emf_timer_stop(&async->timer);
}
