// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * bus_signal.c - signals: who listens, by name or by pattern, and delivery.
 */
#include "bus.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>

#include <emf/log.h>

#include "loop.h"

#define NAME_MAX_BYTES 128 /* "service.signal": the generator allows 63 characters for a name */

/* A signal that is being delivered; handlers may emit others, so they are a stack. */
struct emission {
	struct ebus_subscription *next;
	uint64_t newest; /* those after it came too late */
	struct emission *outer;
};

/* One signal that a listener hears. */
struct ebus_heard {
	struct ebus_subscription base;
	struct ebus_listener *listener;
	struct ebus_service *service;
	unsigned int signal;
};

static struct emission *emissions;
static bool endless; /* one was refused: no more inside of the outermost */
static struct ebus_listener *listeners;
static uint64_t serial;

bool emf_bus_is_wanted(const struct ebus_service *service, unsigned int signal)
{
	const struct ebus_subscription *s = service->subscriptions[signal];

	while (s && s->is_passive)
		s = s->next;
	return s != NULL;
}

unsigned int emf_bus_emitting(void)
{
	unsigned int n = 0;

	for (const struct emission *e = emissions; e; e = e->outer)
		n++;
	return n;
}

bool emf_bus_is_due(const struct ebus_subscription *subscription)
{
	const struct ebus_subscription *s = emissions ? emissions->next : NULL;

	while (s && s != subscription)
		s = s->next;
	return s && s->serial <= emissions->newest;
}

void emf_bus_set_demand(struct ebus_service *service,
			void (*demand)(struct ebus_service *service, unsigned int signal, bool wanted, void *data),
			void *data)
{
	service->demand = demand;
	service->demand_data = data;
	for (unsigned int i = 0; demand && i < service->n_signals; i++)
		if (emf_bus_is_wanted(service, i))
			demand(service, i, true, data);
}

static void tell_demand(struct ebus_service *service, unsigned int signal, bool wanted)
{
	if (service->demand)
		service->demand(service, signal, wanted, service->demand_data);
}

int ebus_subscribe(struct ebus_client *client, unsigned int signal, struct module *m,
		   struct ebus_subscription *subscription)
{
	struct ebus_service *service = client->service;
	struct ebus_subscription **at = &service->subscriptions[signal];
	bool first = !subscription->is_passive && !emf_bus_is_wanted(service, signal);

	if (subscription->service)
		return -EALREADY;
	emf_bus_register(service);
	subscription->service = service;
	subscription->signal = signal;
	subscription->owner = m;
	subscription->serial = ++serial;
	subscription->next = NULL;
	while (*at)
		at = &(*at)->next;
	*at = subscription;
	if (first)
		tell_demand(service, signal, true);
	return 0;
}

void ebus_unsubscribe(struct ebus_subscription *subscription)
{
	struct ebus_service *service = subscription->service;
	struct ebus_subscription **at;

	if (!service)
		return;
	/* Who is delivering goes on behind it. */
	for (struct emission *e = emissions; e; e = e->outer)
		if (e->next == subscription)
			e->next = subscription->next;
	at = &service->subscriptions[subscription->signal];
	while (*at != subscription)
		at = &(*at)->next;
	*at = subscription->next;
	subscription->service = NULL;
	subscription->next = NULL;
	if (!subscription->is_passive && !emf_bus_is_wanted(service, subscription->signal))
		tell_demand(service, subscription->signal, false);
}

void ebus_emit(struct ebus_service *service, unsigned int signal, const void *data)
{
	struct emission emission = { .next = service->subscriptions[signal], .newest = serial, .outer = emissions };
	unsigned int depth = ebus_depth;

	if (!emission.next)
		return;
	/* Two handlers that emit again would be called 2^EBUS_DEPTH_MAX times, were only the deepest refused. */
	if (emissions && endless)
		return;
	if (depth >= EBUS_DEPTH_MAX) {
		endless = true;
		emf_err(service->provider, "signal %s.%s was not delivered: its handlers emit it again, without end",
			service->name, service->signals[signal].name);
		return;
	}
	endless = false;
	ebus_depth = depth + 1;
	emissions = &emission;
	while (emission.next) {
		struct ebus_subscription *subscription = emission.next;

		emission.next = subscription->next;
		if (subscription->serial <= emission.newest)
			subscription->deliver(subscription, data);
	}
	emissions = emission.outer;
	ebus_depth = depth;
}

/* --- by pattern */

static void deliver_heard(struct ebus_subscription *subscription, const void *data)
{
	struct ebus_heard *heard = emf_container_of(subscription, struct ebus_heard, base);

	heard->listener->heard(heard->listener, heard->service, heard->signal, data);
}

bool emf_bus_matches(const char *pattern, const char *service, const char *member)
{
	char name[NAME_MAX_BYTES];

	snprintf(name, sizeof(name), "%s.%s", service, member);
	/* It tells of all others: whoever hears all does not mean to hear each of them twice. */
	if (!strcmp(name, "bus.message") && strncmp(pattern, "bus.", 4))
		return false;
	return !fnmatch(pattern, name, 0);
}

/* Return: how many signals match; to each of the first @room one is prepared at @to. */
static size_t match(const char *pattern, struct ebus_listener *listener, struct ebus_heard *to, size_t room)
{
	size_t n = 0;

	for (struct ebus_service *s = emf_bus_services(); s; s = s->next)
		for (unsigned int i = 0; i < s->n_signals; i++) {
			if (!emf_bus_matches(pattern, s->name, s->signals[i].name))
				continue;
			if (n < room)
				to[n] = (struct ebus_heard){ .base.deliver = deliver_heard, .base.is_passive = listener->is_passive,
							     .listener = listener, .service = s, .signal = i };
			n++;
		}
	return n;
}

int ebus_listen(const char *pattern, struct module *m, struct ebus_listener *listener)
{
	size_t n;

	if (listener->subscriptions)
		return -EALREADY;
	n = match(pattern, listener, NULL, 0);
	if (!n)
		return -ENOENT;
	listener->subscriptions = calloc(n, sizeof(*listener->subscriptions));
	if (!listener->subscriptions)
		return -ENOMEM;
	listener->n = match(pattern, listener, listener->subscriptions, n);
	listener->owner = m;
	listener->next = listeners;
	listeners = listener;
	for (size_t i = 0; i < n; i++) {
		struct ebus_heard *heard = &listener->subscriptions[i];
		struct ebus_client client = { .service = heard->service };

		ebus_subscribe(&client, heard->signal, m, &heard->base);
	}
	return 0;
}

void ebus_unlisten(struct ebus_listener *listener)
{
	struct ebus_listener **at = &listeners;

	if (!listener->subscriptions)
		return;
	while (*at != listener)
		at = &(*at)->next;
	*at = listener->next;
	for (size_t i = 0; i < listener->n; i++)
		ebus_unsubscribe(&listener->subscriptions[i].base);
	free(listener->subscriptions);
	listener->subscriptions = NULL;
	listener->n = 0;
}

void emf_bus_signals_remove_owner(const struct module *m)
{
	for (struct ebus_listener *l = listeners, *next; l; l = next) {
		next = l->next;
		if (l->owner == m)
			ebus_unlisten(l);
	}
	for (struct ebus_service *service = emf_bus_services(); service; service = service->next)
		for (size_t i = 0; i < service->n_signals; i++)
			for (struct ebus_subscription *s = service->subscriptions[i], *next; s; s = next) {
				next = s->next;
				if (s->owner == m)
					ebus_unsubscribe(s);
			}
}
