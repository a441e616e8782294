// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * cmd_upgrade.c - "upgrade" and "rollback": a module of the running service becomes another version of itself.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ask.h"
#include "client_own.h"
#include "cmd_module.h"
#include "command.h"
#include "emf_emf.h"

static int call(const struct modules_upgrade_args *args, const char *command)
{
	const struct emf_module_change change = { command, "modules", true };
	struct modules_upgrade_reply *reply = malloc(sizeof(*reply));
	int err = reply ? modules_call_upgrade(&modules_client, args, reply) : -ENOMEM, status = EMF_EXIT_OK;

	if (err)
		status = emf_module_failed(err, &change, args->module);
	else if (args->dry)
		fwrite(reply->report, 1, reply->report_len, stdout);
	free(reply);
	return status;
}

static int change(struct emf *emf, const struct modules_upgrade_args *args, const char *command)
{
	struct emf_client *client;
	char why[EMF_ASK_WHY_MAX];
	int status = EMF_EXIT_FAILED, err = emf_ask_open(emf, &client, why);

	if (err)
		return emf_ask_failed(err, why);
	emf_client_set_timeout(client, EMF_MODULE_PATIENCE_MS);
	if (emf_client_use(client, &modules_client.base))
		emf_err(NULL, "%s", emf_client_why(client));
	else
		status = call(args, command);
	emf_client_free(client);
	return status;
}

/* @words: how many it takes; the first one is the module. */
static int parse(struct emf *emf, const char *command, int words, int argc, char **argv, struct modules_upgrade_args *args, int *rest)
{
	bool dry = false;
	const struct emf_option options[] = {
		{ "dry-run", 0, NULL, false, "load it beside the one that runs, say what would become of each map, program and parameter, and forget it",
		  emf_option_set_true, &dry },
	};
	int status = emf_command_parse(emf, command, options, 1, argc, argv, rest);

	if (status >= 0)
		return status;
	if (argc - *rest != words) {
		emf_err(NULL, "%s needs the name of a module%s; 'list' lists them", command, words == 1 ? "" : " and the file of an extension, x.so, or of a package, x.emfpkg");
		return EMF_EXIT_USAGE;
	}
	if (strlen(argv[*rest]) >= sizeof(args->module)) {
		emf_err(NULL, "there is no module '%.63s...'", argv[*rest]);
		return EMF_EXIT_USAGE;
	}
	snprintf(args->module, sizeof(args->module), "%s", argv[*rest]);
	args->dry = dry;
	return -1;
}

int emf_cmd_upgrade(struct emf *emf, int argc, char **argv)
{
	struct modules_upgrade_args args = { 0 };
	struct emf_module_file file;
	int rest, status = parse(emf, "upgrade", 2, argc, argv, &args, &rest);

	if (status >= 0)
		return status;
	if (!emf_module_file(emf, "upgrade", argv[rest + 1], &file))
		return EMF_EXIT_USAGE;
	snprintf(args.path, sizeof(args.path), "%s", file.path);
	status = change(emf, &args, "upgrade");
	emf_module_file_end(&file);
	return status;
}

int emf_cmd_rollback(struct emf *emf, int argc, char **argv)
{
	struct modules_upgrade_args args = { 0 };
	int rest, status = parse(emf, "rollback", 1, argc, argv, &args, &rest);

	return status >= 0 ? status : change(emf, &args, "rollback");
}
