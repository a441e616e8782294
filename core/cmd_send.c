// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * cmd_send.c - "send": a signal, by hand.
 */
#include <stdlib.h>

#include <emf/output.h>

#include "ask.h"
#include "command.h"
#include "emf_emf.h"
#include "record_json.h"
#include "schema.h"
#include "suggest.h"

static int no_signal(const struct ebus_service *service, const char *name)
{
	struct emf_suggestion near = { .word = name };

	for (size_t i = 0; i < service->n_signals; i++)
		emf_suggest(&near, service->signals[i].name);
	if (near.best)
		emf_err(NULL, "service %s has no signal '%s'; did you mean '%s'?", service->name, name, near.best);
	else
		emf_err(NULL, "service %s has no signal '%s'; 'describe %s' prints what it has", service->name, name, service->name);
	return EMF_EXIT_USAGE;
}

static int tell(int err, const char *service, const char *signal)
{
	switch (err) {
	case -EACCES:
		emf_err(NULL, "%s.%s: this user may not send it: rules have to allow 'provide:%s', and to call bus.send; 'acl explain' says "
			"which one decides", service, signal, service);
		return EMF_EXIT_UNSUPPORTED;
	case -EOPNOTSUPP:
		emf_err(NULL, "%s.%s: cannot be sent from here: it hands over file descriptors, or tells of messages", service, signal);
		return EMF_EXIT_USAGE;
	default:
		emf_err(NULL, "%s.%s: %s (%s)", service, signal, strerror(-err), emf_errno_name(err));
		return EMF_EXIT_FAILED;
	}
}

static int send_data(const struct emf_schema *schema, const struct ebus_member *signal, const void *data)
{
	uint32_t heard;
	int err = emf_ask_send(schema, signal, data, &heard);

	if (err)
		return tell(err, schema->service.name, signal->name);
	if (!heard)
		emf_warn(NULL, "%s.%s: nobody listens to it now", schema->service.name, signal->name);
	return EMF_EXIT_OK;
}

static int send_signal(const struct emf_schema *schema, char *const *words, int n)
{
	const struct ebus_member *signal = emf_schema_member(schema->service.signals, schema->service.n_signals, words[0]);
	const struct emf_record *record = signal ? signal->in.record : NULL;
	char why[EMF_RECORD_WHY_MAX];
	json_t *json = NULL;
	void *data;
	int status;

	if (!signal)
		return no_signal(&schema->service, words[0]);
	data = calloc(1, record ? record->size : 1);
	if (!data) {
		emf_err(NULL, "out of memory");
		return EMF_EXIT_FAILED;
	}
	if (emf_record_words(record, (const char *const *)words + 1, n - 1, &json, why) ||
	    emf_record_from_json(record, json, data, why)) {
		emf_err(NULL, "%s.%s: %s", schema->service.name, signal->name, why);
		status = EMF_EXIT_USAGE;
	} else {
		status = send_data(schema, signal, data);
	}
	json_decref(json);
	free(data);
	return status;
}

int emf_cmd_send(struct emf *emf, int argc, char **argv)
{
	int rest, status = emf_command_parse(emf, "send", NULL, 0, argc, argv, &rest);
	struct emf_schema *schema = NULL;
	struct emf_client *client;
	char why[EMF_ASK_WHY_MAX];
	int err;

	if (status >= 0)
		return status;
	if (argc - rest < 2) {
		emf_err(NULL, "send needs a service and a signal: '%s services' lists services, '%s describe SERVICE' signals",
			emf->product->name, emf->product->name);
		return EMF_EXIT_USAGE;
	}
	err = emf_ask_open(emf, &client, why);
	if (err)
		return emf_ask_failed(err, why);
	err = emf_ask_shape(client, argv[rest], &schema, why);
	if (!err && emf_client_use(client, &bus_client.base)) {
		snprintf(why, sizeof(why), "%s", emf_client_why(client));
		err = -EPROTO;
	}
	if (!err)
		status = send_signal(schema, argv + rest + 1, argc - rest - 1);
	else
		status = emf_ask_failed_name(err, why);
	emf_client_free(client);
	emf_schema_free(schema);
	return status;
}
