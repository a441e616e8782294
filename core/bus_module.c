// SPDX-License-Identifier: BSD-2-Clause
/*
 * bus_module.c - what modules provide and use.
 */
#include "bus_module.h"

#include <stdio.h>

/* Weak: a product may be without any service. */
extern struct ebus_service *const __start_emf_services[] __attribute__((weak, visibility("hidden")));
extern struct ebus_service *const __stop_emf_services[] __attribute__((weak, visibility("hidden")));

void emf_bus_init(struct emf_loop *loop)
{
	emf_bus_set_loop(loop);
	for (struct ebus_service *const *s = __start_emf_services; s < __stop_emf_services; s++)
		emf_bus_register(*s);
}

int emf_bus_provide(struct module *m, char *why, size_t size)
{
	for (const struct emf_provided *p = m->provides; p && p->service; p++) {
		if (!ebus_provide(p->service, p->ops, m))
			continue;
		if (p->service->provider)
			snprintf(why, size, "service %s is provided by module %s already: run only one of the two", p->service->name,
				 p->service->provider->name);
		else
			snprintf(why, size, "service %s is provided by another process already: end that one first", p->service->name);
		emf_bus_withdraw(m);
		return -EEXIST;
	}
	return 0;
}

void emf_bus_withdraw(struct module *m)
{
	for (const struct emf_provided *p = m->provides; p && p->service; p++)
		ebus_withdraw(p->service, m);
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
