// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * own_service.c - services that an extension provides to the core in its own process.
 */
#include "own_service.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bus.h"
#include "core.h"
#include "extension.h"

int emf_own_service_open(struct emf *emf, const struct emf_own_service *own, struct module **m, char *why, size_t size)
{
	struct emf_unit *unit = emf_registry_find(&emf->registry, own->module);
	const struct emf_provided *provided;

	*m = NULL;
	if (!unit && !emf_extension_add_code_for(emf, own->module))
		unit = emf_registry_find(&emf->registry, own->module);
	provided = unit && !(unit->from && unit->from->package) ? unit->m->provides : NULL;
	if (!provided || !provided->service || strcmp(provided->service->name, own->service->name) != 0) {
		snprintf(why, size, "%s", own->missing);
		return -EOPNOTSUPP;
	}
	if (ebus_is_provided(own->client)) {
		if (!own->service->remote && own->service->provider == unit->m)
			return 0;
		snprintf(why, size, "%s", own->foreign);
		return -EBUSY;
	}
	*m = unit->m;
	return ebus_provide(own->service, provided->ops, unit->m);
}

void emf_own_service_close(const struct emf_own_service *own, const struct module *m)
{
	if (m)
		ebus_withdraw(own->service, m);
}
