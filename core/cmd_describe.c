// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * cmd_describe.c - "describe": services as they were written, or as data.
 */
#include <stdlib.h>

#include "ask.h"
#include "command.h"
#include "emf_emf.h"
#include "record_print.h"

static int describe(const char *name, bool as_json, char why[EMF_ASK_WHY_MAX])
{
	union {
		struct introspection_describe_reply idl;
		struct introspection_schema_reply schema;
	} *reply = malloc(sizeof(*reply));
	struct introspection_describe_args of = { 0 };
	struct introspection_schema_args of_schema = { 0 };
	int err = reply ? 0 : -ENOMEM;

	snprintf(of.service, sizeof(of.service), "%s", name);
	snprintf(of_schema.service, sizeof(of_schema.service), "%s", name);
	if (!err)
		err = as_json ? introspection_call_schema(&introspection_client, &of_schema, &reply->schema) :
				introspection_call_describe(&introspection_client, &of, &reply->idl);
	if (err)
		snprintf(why, EMF_ASK_WHY_MAX, "service %s: the product does not describe it: %s", name, strerror(-err));
	else if (as_json)
		emf_text_print(reply->schema.json, reply->schema.json_len, stdout);
	else
		emf_text_print(reply->idl.idl, reply->idl.idl_len, stdout);
	free(reply);
	return err;
}

/* @name: one of them; NULL for all. */
static int describe_some(struct emf_client *client, const char *name, struct emf_schema **schema, bool as_json,
			 char why[EMF_ASK_WHY_MAX])
{
	struct introspection_services_reply *all;
	int err;

	if (name) {
		/* Which also knows the nearest name, where there is none of this one. */
		err = emf_ask_schema(client, name, schema, why);
		return err ? err : describe(name, as_json, why);
	}
	err = emf_ask_services(client, &all, why);
	if (err)
		return err;
	for (__u32 i = 0; i < all->rows_len && !err; i++) {
		if (i && !as_json)
			printf("\n");
		err = describe(all->rows[i].name, as_json, why);
	}
	free(all);
	return err;
}

int emf_cmd_describe(struct emf *emf, int argc, char **argv)
{
	bool as_json = false;
	const struct emf_option options[] = {
		{ "json", 'j', NULL, false, "print a line of JSON for each: types, and where each member lies", emf_option_set_true,
		  &as_json },
	};
	int rest, status = emf_command_parse(emf, "describe", options, 1, argc, argv, &rest);
	struct emf_schema *schema = NULL;
	struct emf_client *client = NULL;
	char why[EMF_ASK_WHY_MAX];
	int err;

	if (status >= 0)
		return status;
	if (argc - rest > 1) {
		emf_err(NULL, "describe takes one service, or none for all of them, and got '%s' too", argv[rest + 1]);
		return EMF_EXIT_USAGE;
	}
	err = emf_ask_open(emf, &client, why);
	if (!err)
		err = describe_some(client, rest < argc ? argv[rest] : NULL, &schema, as_json, why);
	status = err ? emf_ask_failed(err, why) : EMF_EXIT_OK;
	if (err == -ENOENT && client)
		status = EMF_EXIT_USAGE;
	emf_client_free(client);
	emf_ask_forget(schema);
	return status;
}
