// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * ask.c - a command that asks the serving product over the bus.
 */
#include "ask.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bus.h"
#include "client_own.h"
#include "emf_emf.h"
#include "record.h"
#include "suggest.h"

int emf_ask_open(const struct emf *emf, struct emf_client **client, char why[EMF_ASK_WHY_MAX])
{
	return emf_ask_open_within(emf, 0, client, why);
}

int emf_ask_open_within(const struct emf *emf, uint32_t timeout_ms, struct emf_client **client, char why[EMF_ASK_WHY_MAX])
{
	int err;

	*client = emf_client_new(emf->product->name, 0);
	if (!*client) {
		snprintf(why, EMF_ASK_WHY_MAX, "out of memory or of file descriptors");
		return -ENOMEM;
	}
	if (timeout_ms)
		emf_client_set_timeout(*client, timeout_ms);
	err = emf_client_connect(*client, emf->product->name);
	if (!err)
		return 0;
	snprintf(why, EMF_ASK_WHY_MAX, "%s", emf_client_why(*client));
	emf_client_free(*client);
	*client = NULL;
	return err;
}

void emf_ask_denied(const char *what, const char *service, const char *member, char why[EMF_ASK_WHY_MAX])
{
	snprintf(why, EMF_ASK_WHY_MAX, "rules do not allow this user to %s; 'acl explain %u %s.%s' says which one decides", what, geteuid(),
		 service, member);
}

int emf_ask_failed(int err, const char *why)
{
	emf_err(NULL, "%s", why);
	return err == -EACCES ? EMF_EXIT_UNSUPPORTED : EMF_EXIT_FAILED;
}

int emf_ask_failed_name(int err, const char *why)
{
	int status = emf_ask_failed(err, why);

	return err == -ENOENT ? EMF_EXIT_USAGE : status;
}

/* A call to a service of EMF's own was not answered. */
static void failed(int err, const char *what, const char *service, const char *method, char why[EMF_ASK_WHY_MAX])
{
	char denied[EMF_ASK_WHY_MAX];

	if (err == -EACCES)
		emf_ask_denied("ask", service, method, denied);
	snprintf(why, EMF_ASK_WHY_MAX, "%s: %.400s", what, err == -EACCES ? denied : strerror(-err));
}

int emf_ask_status_of(struct emf_client *client, json_t **status, char why[EMF_ASK_WHY_MAX])
{
	struct modules_status_reply *reply = malloc(sizeof(*reply));
	int err = !reply ? -ENOMEM : ebus_is_provided(&modules_client.base) ? 0 : emf_client_use(client, &modules_client.base);

	if (err) {
		snprintf(why, EMF_ASK_WHY_MAX, "%s", reply ? emf_client_why(client) : "out of memory");
		goto out;
	}
	err = modules_call_status(&modules_client, reply);
	if (err) {
		failed(err, "the product does not tell its status", "modules", "status", why);
		goto out;
	}
	*status = json_loadb(reply->json, reply->json_len, 0, NULL);
	if (!*status) {
		err = -EPROTO;
		snprintf(why, EMF_ASK_WHY_MAX, "the status that the service tells is no JSON; is it of another version?");
	}
out:
	free(reply);
	return err;
}

int emf_ask_status(const struct emf *emf, json_t **status, char why[EMF_ASK_WHY_MAX])
{
	struct emf_client *client;
	int err = emf_ask_open(emf, &client, why);

	if (err)
		return err;
	err = emf_ask_status_of(client, status, why);
	emf_client_free(client);
	return err;
}

/* Room for the reply of a call to a service of EMF's own, which is bound to first. */
static void *reply_of(struct emf_client *client, struct ebus_client *of, size_t size, int *err, char why[EMF_ASK_WHY_MAX])
{
	void *reply = malloc(size);

	*err = reply ? emf_client_use(client, of) : -ENOMEM;
	if (!*err)
		return reply;
	snprintf(why, EMF_ASK_WHY_MAX, "%s", reply ? emf_client_why(client) : "out of memory");
	free(reply);
	return NULL;
}

int emf_ask_services(struct emf_client *client, struct introspection_services_reply **services, char why[EMF_ASK_WHY_MAX])
{
	struct introspection_services_reply *reply;
	int err;

	reply = reply_of(client, &introspection_client.base, sizeof(*reply), &err, why);
	if (!reply)
		return err;
	err = introspection_call_services(&introspection_client, reply);
	if (err) {
		failed(err, "the product does not tell its services", "introspection", "services", why);
		free(reply);
		return err;
	}
	*services = reply;
	return 0;
}

static void suggest(struct emf_client *client, const char *name, char why[EMF_ASK_WHY_MAX])
{
	struct introspection_services_reply *services;
	struct emf_suggestion near = { .word = name };

	if (emf_ask_services(client, &services, why))
		return;
	for (__u32 i = 0; i < services->rows_len; i++)
		emf_suggest(&near, services->rows[i].name);
	if (near.best)
		snprintf(why, EMF_ASK_WHY_MAX, "there is no service '%.63s'; did you mean '%s'?", name, near.best);
	else
		snprintf(why, EMF_ASK_WHY_MAX, "there is no service '%.63s'; 'services' lists them", name);
	free(services);
}

static int read_schema(const char *name, const struct introspection_schema_reply *reply, struct emf_schema **schema,
		       char why[EMF_ASK_WHY_MAX])
{
	char reason[EMF_SCHEMA_WHY_MAX];
	int err = emf_schema_read(reply->json, reply->json_len, schema, reason);

	if (!err && strcmp((*schema)->service.name, name)) {
		emf_schema_free(*schema);
		*schema = NULL;
		snprintf(reason, sizeof(reason), "it is the one of another");
		err = -EPROTO;
	}
	if (err)
		snprintf(why, EMF_ASK_WHY_MAX, "the schema of service %.63s makes no sense: %s", name, reason);
	return err;
}

int emf_ask_shape(struct emf_client *client, const char *name, struct emf_schema **schema, char why[EMF_ASK_WHY_MAX])
{
	struct introspection_schema_args args = { 0 };
	struct introspection_schema_reply *reply;
	int err;

	reply = reply_of(client, &introspection_client.base, sizeof(*reply), &err, why);
	if (!reply)
		return err;
	snprintf(args.service, sizeof(args.service), "%s", name);
	err = strlen(name) < sizeof(args.service) ? introspection_call_schema(&introspection_client, &args, reply) : -ENOENT;
	if (err == -ENOENT)
		suggest(client, name, why);
	else if (err)
		failed(err, "the product does not tell what the service looks like", "introspection", "schema", why);
	else
		err = read_schema(name, reply, schema, why);
	free(reply);
	return err;
}

int emf_ask_schema(struct emf_client *client, const char *name, struct emf_schema **schema, char why[EMF_ASK_WHY_MAX])
{
	int err = emf_ask_shape(client, name, schema, why);

	if (err)
		return err;
	err = emf_client_use(client, &(*schema)->client);
	if (err)
		snprintf(why, EMF_ASK_WHY_MAX, "%s", emf_client_why(client));
	return err;
}

void emf_ask_forget(struct emf_schema *schema)
{
	if (!schema)
		return;
	emf_bus_forget(&schema->service);
	emf_schema_free(schema);
}

int emf_ask_send(const struct emf_schema *schema, const struct ebus_member *signal, const void *data, uint32_t *heard)
{
	const struct emf_record *record = signal->in.record;
	size_t size = record ? emf_record_wire_size(record, data) : 0;
	struct bus_send_reply reply = { 0 };
	struct bus_send_args *args;
	int err;

	if (size > sizeof(args->payload))
		return -EMSGSIZE;
	args = calloc(1, sizeof(*args));
	if (!args)
		return -ENOMEM;
	snprintf(args->service, sizeof(args->service), "%s", schema->service.name);
	snprintf(args->signal, sizeof(args->signal), "%s", signal->name);
	args->payload_len = (__u32)size;
	if (size)
		memcpy(args->payload, data, size);
	err = bus_call_send(&bus_client, args, &reply);
	free(args);
	if (!err)
		*heard = reply.heard;
	return err;
}
