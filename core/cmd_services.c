// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * cmd_services.c - "services": what the running product offers, and who provides it.
 */
#include <stdlib.h>

#include "ask.h"
#include "command.h"
#include "emf_emf.h"
#include "json.h"
#include "table.h"

static void provider_of(const struct introspection_service_row *row, const char *product, char text[80])
{
	if (row->module[0])
		snprintf(text, 80, "%s", row->module);
	else if (!row->provided)
		snprintf(text, 80, "-");
	else if (product)
		snprintf(text, 80, "%s", product);
	else
		snprintf(text, 80, "process %u", row->provider);
}

/* The pid of the product: of whoever provides what is asked right now. */
static __u32 own_pid(const struct introspection_services_reply *all)
{
	for (__u32 i = 0; i < all->rows_len; i++)
		if (!strcmp(all->rows[i].name, "introspection"))
			return all->rows[i].provider;
	return 0;
}

static int print_services(const struct emf *emf, const struct introspection_services_reply *all)
{
	__u32 own = own_pid(all);
	struct emf_table table;

	emf_table_init(&table, 5);
	emf_table_row(&table, "SERVICE", "VERSION", "PROVIDER", "METHODS", "SIGNALS", NULL);
	for (__u32 i = 0; i < all->rows_len; i++) {
		const struct introspection_service_row *row = &all->rows[i];
		char provider[80];

		provider_of(row, row->provider == own ? emf->product->name : NULL, provider);
		emf_table_cell(&table, "%s", row->name);
		emf_table_cell(&table, "%s", row->version);
		emf_table_cell(&table, "%s", provider);
		emf_table_cell(&table, "%u", row->methods);
		emf_table_cell(&table, "%u", row->signals);
	}
	return emf_table_print(&table, stdout) ? EMF_EXIT_FAILED : EMF_EXIT_OK;
}

static int print_services_json(const struct introspection_services_reply *all)
{
	json_t *json = json_array();

	for (__u32 i = 0; i < all->rows_len; i++) {
		const struct introspection_service_row *row = &all->rows[i];

		json_array_append_new(json, json_pack("{s:s, s:s, s:b, s:o, s:I, s:I, s:I}", "name", row->name, "version",
						      row->version, "provided", row->provided, "module",
						      emf_json_text(row->module), "pid", (json_int_t)row->provider,
						      "methods", (json_int_t)row->methods, "signals", (json_int_t)row->signals));
	}
	return emf_json_print(json);
}

int emf_cmd_services(struct emf *emf, int argc, char **argv)
{
	bool as_json = false;
	const struct emf_option options[] = {
		{ "json", 'j', NULL, false, "print JSON", emf_option_set_true, &as_json },
	};
	int status = emf_command_simple(emf, "services", options, 1, argc, argv);
	struct introspection_services_reply *all;
	struct emf_client *client;
	char why[EMF_ASK_WHY_MAX];
	int err;

	if (status >= 0)
		return status;
	err = emf_ask_open(emf, &client, why);
	if (err)
		return emf_ask_failed(err, why);
	err = emf_ask_services(client, &all, why);
	if (!err) {
		status = as_json ? print_services_json(all) : print_services(emf, all);
		free(all);
	}
	emf_client_free(client);
	return err ? emf_ask_failed(err, why) : status;
}
