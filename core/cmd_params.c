// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * cmd_params.c - "get" and "set": parameters of the running modules.
 */
#include <stdlib.h>

#include "ask.h"
#include "command.h"
#include "emf_emf.h"
#include "json.h"
#include "table.h"

#define WORDS_MAX (sizeof(((struct parameters_set_many_args *)NULL)->settings) / sizeof(struct parameters_setting))

/* Why it was refused, and the exit status: a mistake in the words, or not now. */
static int tell(int err, const char *method)
{
	const struct parameters_refused *refused = parameters_error_refused(&parameters_client);
	char why[EMF_ASK_WHY_MAX];

	if (err == -EREMOTEIO && refused) {
		emf_err(NULL, "%s", refused->why);
		return refused->reason == -EBUSY ? EMF_EXIT_FAILED : EMF_EXIT_USAGE;
	}
	if (err == -EACCES)
		emf_ask_denied(*method == 'g' ? "read parameters" : "change parameters", "parameters", method, why);
	else
		snprintf(why, sizeof(why), "the service does not answer for its parameters: %s", strerror(-err));
	return emf_ask_failed(err, why);
}

static int open_parameters(const struct emf *emf, struct emf_client **client)
{
	char why[EMF_ASK_WHY_MAX];
	int err = emf_ask_open(emf, client, why);

	if (err)
		return emf_ask_failed(err, why);
	err = emf_client_use(*client, &parameters_client.base);
	if (!err)
		return EMF_EXIT_OK;
	emf_err(NULL, "%s", emf_client_why(*client));
	emf_client_free(*client);
	return EMF_EXIT_FAILED;
}

/* "MODULE.PARAMETER" of so many bytes; false for what is too long. */
static bool split(const char *word, size_t len, char *module, char *name, size_t size)
{
	size_t dot = strcspn(word, ".");
	size_t module_len = dot < len ? dot : len, name_len = dot < len ? len - dot - 1 : 0;

	if (module_len >= size || name_len >= size)
		return false;
	memcpy(module, word, module_len);
	module[module_len] = '\0';
	memcpy(name, word + len - name_len, name_len);
	name[name_len] = '\0';
	return true;
}

/* --- get */

static int print_table(const struct parameters_get_reply *reply)
{
	struct emf_table table;

	emf_table_init(&table, 4);
	emf_table_row(&table, "PARAMETER", "VALUE", "DEFAULT", "LIVE", NULL);
	for (__u32 i = 0; i < reply->rows_len; i++) {
		const struct parameters_parameter *row = &reply->rows[i];

		emf_table_cell(&table, "%s.%s", row->module, row->name);
		emf_table_cell(&table, "%s", *row->value ? row->value : "-");
		emf_table_cell(&table, "%s", *row->initial ? row->initial : "-");
		emf_table_cell(&table, "%s", row->live ? "yes" : "no");
	}
	return emf_table_print(&table, stdout) ? EMF_EXIT_FAILED : EMF_EXIT_OK;
}

static int print_json(const struct parameters_get_reply *reply)
{
	json_t *json = json_object();
	char key[2 * sizeof(reply->rows[0].module)];

	for (__u32 i = 0; i < reply->rows_len; i++) {
		snprintf(key, sizeof(key), "%s.%s", reply->rows[i].module, reply->rows[i].name);
		json_object_set_new(json, key, emf_json_text(reply->rows[i].value));
	}
	return emf_json_print(json);
}

static int get(const struct parameters_get_args *args, bool as_json)
{
	struct parameters_get_reply *reply = malloc(sizeof(*reply));
	int status, err = reply ? parameters_call_get(&parameters_client, args, reply) : -ENOMEM;

	if (err)
		status = tell(err, "get");
	else if (as_json)
		status = print_json(reply);
	else if (*args->name && reply->rows_len)
		status = printf("%s\n", reply->rows[0].value) < 0 ? EMF_EXIT_FAILED : EMF_EXIT_OK;
	else
		status = print_table(reply);
	free(reply);
	return status;
}

int emf_cmd_get(struct emf *emf, int argc, char **argv)
{
	bool as_json = false;
	const struct emf_option options[] = {
		{ "json", 'j', NULL, false, "print JSON", emf_option_set_true, &as_json },
	};
	int rest, status = emf_command_parse(emf, "get", options, 1, argc, argv, &rest);
	struct parameters_get_args args = { 0 };
	struct emf_client *client;

	if (status >= 0)
		return status;
	if (argc - rest > 1 ||
	    (rest < argc && !split(argv[rest], strlen(argv[rest]), args.module, args.name, sizeof(args.name)))) {
		emf_err(NULL, "get takes one MODULE or MODULE.PARAMETER, or none for all of them");
		return EMF_EXIT_USAGE;
	}
	status = open_parameters(emf, &client);
	if (status)
		return status;
	status = get(&args, as_json);
	emf_client_free(client);
	return status;
}

/* --- set */

static int add(struct parameters_set_many_args *args, const char *word)
{
	struct parameters_setting *setting = &args->settings[args->settings_len++];
	const char *is = strchr(word, '=');

	if (!is || !split(word, (size_t)(is - word), setting->module, setting->name, sizeof(setting->name)) || !*setting->name) {
		emf_err(NULL, "set takes words of the form MODULE.PARAMETER=VALUE, and got '%s'", word);
		return -EINVAL;
	}
	if (strlen(is + 1) >= sizeof(setting->value)) {
		emf_err(NULL, "the value of %s.%s is longer than %zu bytes", setting->module, setting->name, sizeof(setting->value) - 1);
		return -EINVAL;
	}
	snprintf(setting->value, sizeof(setting->value), "%s", is + 1);
	return 0;
}

static int set(const struct emf *emf, const struct parameters_set_many_args *args)
{
	struct emf_client *client;
	int err, status = open_parameters(emf, &client);

	if (status)
		return status;
	err = parameters_call_set_many(&parameters_client, args);
	status = err ? tell(err, "set_many") : EMF_EXIT_OK;
	emf_client_free(client);
	return status;
}

int emf_cmd_set(struct emf *emf, int argc, char **argv)
{
	int rest, status = emf_command_parse(emf, "set", NULL, 0, argc, argv, &rest);
	struct parameters_set_many_args *args;
	int err = 0;

	if (status >= 0)
		return status;
	if (rest == argc || (size_t)(argc - rest) > WORDS_MAX) {
		emf_err(NULL, "set takes one to %zu words of the form MODULE.PARAMETER=VALUE", WORDS_MAX);
		return EMF_EXIT_USAGE;
	}
	args = calloc(1, sizeof(*args));
	if (!args) {
		emf_err(NULL, "out of memory");
		return EMF_EXIT_FAILED;
	}
	for (int i = rest; i < argc && !err; i++)
		err = add(args, argv[i]);
	status = err ? EMF_EXIT_USAGE : set(emf, args);
	free(args);
	return status;
}
