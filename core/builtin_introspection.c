// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * builtin_introspection.c - service introspection: what is on the bus.
 */
#include <stdio.h>
#include <unistd.h>

#include "builtin.h"
#include "bus.h"
#include "bus_peer.h"
#include "emf_emf.h"
#include "schema.h"

int introspection_serve_services(struct ebus_call *call, struct introspection_services_reply *reply)
{
	(void)call;
	for (const struct ebus_service *s = emf_bus_services(); s && reply->rows_len < sizeof(reply->rows) / sizeof(reply->rows[0]); s = s->next) {
		struct introspection_service_row *row = &reply->rows[reply->rows_len++];

		snprintf(row->name, sizeof(row->name), "%s", s->name);
		snprintf(row->version, sizeof(row->version), "%s", s->version);
		if (s->provider)
			snprintf(row->module, sizeof(row->module), "%s", s->provider->name);
		row->provided = s->ops != NULL;
		if (s->remote)
			row->provider = emf_container_of(s->remote, struct ebus_use, remote)->peer->pid;
		else if (s->ops)
			row->provider = (__u32)getpid();
		row->methods = (__u32)s->n_methods;
		row->signals = (__u32)s->n_signals;
	}
	return 0;
}

int introspection_serve_describe(struct ebus_call *call, const struct introspection_describe_args *args,
				 struct introspection_describe_reply *reply)
{
	const struct ebus_service *service = emf_bus_find(args->service);
	size_t len;

	(void)call;
	if (!service || !service->idl)
		return -ENOENT;
	len = strlen(service->idl);
	if (len > sizeof(reply->idl))
		return -EMSGSIZE;
	memcpy(reply->idl, service->idl, len);
	reply->idl_len = (__u32)len;
	return 0;
}

int introspection_serve_schema(struct ebus_call *call, const struct introspection_schema_args *args,
			       struct introspection_schema_reply *reply)
{
	const struct ebus_service *service = emf_bus_find(args->service);
	int len;

	(void)call;
	if (!service)
		return -ENOENT;
	len = emf_schema_write(service, reply->json, sizeof(reply->json));
	if (len < 0)
		return len;
	reply->json_len = (__u32)len;
	return 0;
}

void emf_builtin_provide_introspection(void)
{
	static const struct introspection_ops ops = INTROSPECTION_SERVED;

	ebus_provide(&introspection_service, &ops, NULL);
}

bool emf_builtin_is(const char *service)
{
	static const struct ebus_service *const all[] = { &bus_service,	       &chains_service,	    &introspection_service, &log_service,
							  &modules_service, &parameters_service, &statistics_service };

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (!strcmp(all[i]->name, service))
			return true;
	return false;
}

void emf_builtin_provide(struct emf *emf, const struct emf_server *server)
{
	emf_builtin_provide_bus(server);
	emf_builtin_provide_modules(emf);
	emf_builtin_provide_introspection();
	emf_builtin_provide_parameters(emf);
	emf_builtin_provide_chains(emf);
	emf_builtin_provide_statistics(emf, server);
	emf_builtin_provide_metrics(emf, server);
	emf_builtin_provide_log(emf);
}

void emf_builtin_withdraw(void)
{
	emf_builtin_withdraw_bus();
	ebus_withdraw(&modules_service, NULL);
	ebus_withdraw(&introspection_service, NULL);
	ebus_withdraw(&parameters_service, NULL);
	emf_builtin_withdraw_statistics();
	emf_builtin_withdraw_metrics();
	emf_builtin_withdraw_log();
}
