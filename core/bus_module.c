// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * bus_module.c - what modules provide and use.
 */
#include "bus_module.h"

#include <stdio.h>

/* Weak: a product may be without any service. */
extern struct ebus_service *const __start_emf_services[] __attribute__((weak, visibility("hidden")));
extern struct ebus_service *const __stop_emf_services[] __attribute__((weak, visibility("hidden")));

void emf_bus_register_linked(void)
{
	for (struct ebus_service *const *s = __start_emf_services; s < __stop_emf_services; s++)
		emf_bus_register(*s);
}

void emf_bus_init(struct emf_loop *loop)
{
	emf_bus_set_loop(loop);
	emf_bus_register_linked();
}

static const struct emf_provided *find(const struct module *m, struct ebus_service *service)
{
	for (const struct emf_provided *p = m->provides; p && p->service; p++)
		if (emf_bus_same(p->service) == service)
			return p;
	return NULL;
}

static int provide(struct module *m, const struct module *instead_of, char *why, size_t size)
{
	for (const struct emf_provided *p = m->provides; p && p->service; p++) {
		struct ebus_service *service = emf_bus_same(p->service);

		if (instead_of && service->ops && service->provider == instead_of) {
			emf_bus_hand_over(service, p->ops, m);
			continue;
		}
		if (!ebus_provide(service, p->ops, m))
			continue;
		if (service->provider)
			snprintf(why, size, "service %s is provided by module %s already: run only one of the two", service->name,
				 service->provider->name);
		else
			snprintf(why, size, "service %s is provided by another process already: end that one first", service->name);
		if (!instead_of)
			emf_bus_withdraw(m);
		return -EEXIST;
	}
	return 0;
}

int emf_bus_provide(struct module *m, char *why, size_t size)
{
	return provide(m, NULL, why, size);
}

int emf_bus_take_over(struct module *m, const struct module *from, char *why, size_t size)
{
	return provide(m, from, why, size);
}

void emf_bus_give_back(const struct module *m, struct module *to)
{
	for (const struct emf_provided *p = m->provides; p && p->service; p++) {
		struct ebus_service *service = emf_bus_same(p->service);
		const struct emf_provided *was = find(to, service);

		if (was && service->provider == m)
			emf_bus_hand_over(service, was->ops, to);
	}
}

void emf_bus_ask_again(const struct module *m)
{
	for (const struct emf_provided *p = m->provides; p && p->service; p++) {
		struct ebus_service *service = emf_bus_same(p->service);

		if (service->provider == m)
			emf_bus_calls_refuse(service, -EAGAIN);
	}
}

const char *emf_bus_lost(const struct module *m, const struct module *instead_of)
{
	for (const struct emf_provided *p = instead_of->provides; p && p->service; p++) {
		struct ebus_service *service = emf_bus_same(p->service);
		const struct emf_provided *has = find(m, service);

		/* Of a file without code: what runs methods is not in it. */
		if (!has || has->service->n_methods < service->n_methods)
			return service->name;
	}
	return NULL;
}

void emf_bus_withdraw(struct module *m)
{
	for (const struct emf_provided *p = m->provides; p && p->service; p++)
		ebus_withdraw(emf_bus_same(p->service), m);
}

const char *emf_bus_missing(const struct module *m)
{
	for (const struct emf_used *u = m->uses; u && u->service; u++)
		if (!u->optional && !emf_bus_same(u->service)->ops)
			return u->service->name;
	return NULL;
}

bool emf_bus_needs(const struct module *user, const struct module *provider)
{
	for (const struct emf_used *u = user->uses; u && u->service; u++)
		for (const struct emf_provided *p = provider->provides; p && p->service; p++)
			if (emf_bus_same(u->service) == emf_bus_same(p->service) && !u->optional)
				return true;
	return false;
}
