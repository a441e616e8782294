// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * bus.c - services: which there are, who provides them, who is told about it.
 */
#include "bus.h"

unsigned int ebus_depth;

/* Watches that are being told; they may come and go meanwhile, and tell others. */
struct round {
	struct ebus_watcher *next;
	struct round *outer;
};

static struct ebus_service *services;
static struct round *rounds;

void emf_bus_register(struct ebus_service *service)
{
	struct ebus_service **at = &services;

	if (service->listed)
		return;
	while (*at && strcmp((*at)->name, service->name) < 0)
		at = &(*at)->next;
	service->listed = true;
	service->next = *at;
	*at = service;
}

void emf_bus_forget(struct ebus_service *service)
{
	struct ebus_service **at = &services;

	while (*at && *at != service)
		at = &(*at)->next;
	if (*at)
		*at = service->next;
	service->listed = false;
}

void emf_bus_adopt(struct ebus_service *service)
{
	struct ebus_service *known = emf_bus_find(service->name);

	if (!known) {
		emf_bus_register(service);
		return;
	}
	service->same = known;
	service->subscriptions = known->subscriptions; /* so that its stubs emit to those who listen there */
	service->policies = known->policies;
	service->client->service = known;
	known->adopted++;
}

void emf_bus_release(struct ebus_service *service)
{
	if (service->same)
		service->same->adopted--;
	else
		emf_bus_forget(service);
}

bool emf_bus_is_used(const struct ebus_service *service)
{
	bool is_heard = false;

	if (service->same)
		return false;
	for (size_t i = 0; i < service->n_signals; i++)
		is_heard |= service->subscriptions[i] != NULL;
	return is_heard || service->ops || service->watches || service->deferred || service->adopted;
}

struct ebus_service *emf_bus_services(void)
{
	return services;
}

struct ebus_service *emf_bus_find(const char *name)
{
	struct ebus_service *service = services;

	while (service && strcmp(service->name, name))
		service = service->next;
	return service;
}

static void tell(struct ebus_service *service, bool provided)
{
	struct round round = { .next = service->watches, .outer = rounds };

	rounds = &round;
	while (round.next) {
		struct ebus_watcher *watcher = round.next;

		round.next = watcher->next;
		watcher->changed(watcher, provided);
	}
	rounds = round.outer;
}

static int provide(struct ebus_service *service, const void *ops, struct module *m, struct ebus_remote *remote)
{
	if (service->ops)
		return -EEXIST;
	emf_bus_register(service);
	service->ops = ops;
	service->provider = m;
	service->remote = remote;
	tell(service, true);
	return 0;
}

static void withdraw(struct ebus_service *service)
{
	service->ops = NULL;
	service->provider = NULL;
	service->remote = NULL;
	emf_bus_calls_refuse(service, -ENOTCONN);
	tell(service, false);
}

void emf_bus_hand_over(struct ebus_service *service, const void *ops, struct module *m)
{
	service->ops = ops;
	service->provider = m;
}

int ebus_provide(struct ebus_service *service, const void *ops, struct module *m)
{
	return provide(service, ops, m, NULL);
}

void ebus_withdraw(struct ebus_service *service, const struct module *m)
{
	if (service->ops && !service->remote && service->provider == m)
		withdraw(service);
}

int emf_bus_provide_remote(struct ebus_service *service, struct ebus_remote *remote)
{
	return provide(service, service->remote_ops, NULL, remote);
}

void emf_bus_withdraw_remote(struct ebus_service *service, const struct ebus_remote *remote)
{
	if (service->remote == remote)
		withdraw(service);
}

int ebus_watch(struct ebus_client *client, struct module *m, struct ebus_watcher *watcher)
{
	struct ebus_service *service = client->service;

	if (watcher->service)
		return -EALREADY;
	emf_bus_register(service);
	watcher->service = service;
	watcher->owner = m;
	watcher->next = service->watches; /* first: who is being told of is not told of it twice */
	service->watches = watcher;
	return 0;
}

void ebus_unwatch(struct ebus_watcher *watcher)
{
	struct ebus_watcher **at;

	if (!watcher->service)
		return;
	for (struct round *r = rounds; r; r = r->outer)
		if (r->next == watcher)
			r->next = watcher->next;
	at = &watcher->service->watches;
	while (*at != watcher)
		at = &(*at)->next;
	*at = watcher->next;
	watcher->service = NULL;
}

void emf_bus_watches_remove_owner(const struct module *m)
{
	for (struct ebus_service *service = services; service; service = service->next)
		for (struct ebus_watcher *w = service->watches, *next; w; w = next) {
			next = w->next;
			if (w->owner == m)
				ebus_unwatch(w);
		}
}

void emf_bus_remove_owner(const struct module *m)
{
	emf_bus_calls_remove_owner(m);
	emf_bus_signals_remove_owner(m);
	emf_bus_watches_remove_owner(m);
	for (struct ebus_service *service = services; service; service = service->next)
		if (service->provider == m)
			ebus_withdraw(service, m);
}
