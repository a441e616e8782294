// SPDX-License-Identifier: BSD-2-Clause
/*
 * cmd_status.c - "status": asks the serving product.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <unistd.h>

#include "command.h"
#include "json.h"
#include "log.h"
#include "server.h"
#include "status.h"

static int report(const struct emf *emf, const char *path, int err)
{
	const char *name = emf->product->name;

	switch (err) {
	case -ENOENT:
	case -ECONNREFUSED:
		emf_err(NULL, "no service answers at %s; start it with '%s serve'", path, name);
		break;
	case -ECONNRESET:
		if (geteuid() == 0) {
			emf_err(NULL, "the service at %s hung up without an answer; its log says why", path);
			break;
		}
		/* fall through */
	case -EACCES:
		emf_err(NULL, "the service at %s does not let this user in; run as root", path);
		return EMF_EXIT_UNSUPPORTED;
	case -EAGAIN:
		emf_err(NULL, "the service at %s does not answer; is it stopped, or does a module block it?", path);
		break;
	case -EPROTO:
		emf_err(NULL, "what answers at %s is not %s, or of another version", path, name);
		break;
	default:
		emf_err(NULL, "%s: %s", path, strerror(-err));
	}
	return EMF_EXIT_FAILED;
}

/* A user who runs no service of his own means the one of the system. */
static int ask(const struct emf *emf, char path[RUNDIR_PATH_MAX], json_t **answer)
{
	int err = emf_rundir_socket(emf->product->name, path);

	if (!err)
		err = emf_server_ask(path, answer);
	if ((err == -ENOENT || err == -ECONNREFUSED) && geteuid() && !emf_rundir_given()) {
		err = emf_rundir_system_socket(emf->product->name, path);
		if (!err)
			err = emf_server_ask(path, answer);
	}
	return err;
}

int emf_cmd_status(struct emf *emf, int argc, char **argv)
{
	bool as_json = false;
	const struct emf_option options[] = {
		{ "json", 'j', NULL, false, "print JSON", emf_option_set_true, &as_json },
	};
	char path[RUNDIR_PATH_MAX] = "(no socket)";
	int status = emf_command_simple(emf, "status", options, 1, argc, argv);
	json_t *answer = NULL;
	int err;

	if (status >= 0)
		return status;
	err = ask(emf, path, &answer);
	if (err)
		return report(emf, path, err);
	if (as_json)
		return emf_json_print(answer);
	emf_status_print(answer, stdout);
	json_decref(answer);
	return EMF_EXIT_OK;
}
