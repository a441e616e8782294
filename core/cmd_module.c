// SPDX-License-Identifier: BSD-2-Clause
/*
 * cmd_module.c - "start" and "stop": modules of the running service.
 */
#include <stdlib.h>

#include "ask.h"
#include "command.h"
#include "emf_emf.h"
#include "suggest.h"

#define PATIENCE_MS 60000 /* a module of many programs loads for seconds */
#define TURN_MS 1000

struct asking {
	struct ebus_async async; /* the first member */
	struct modules_start_args args; /* those of stop, too */
	int err;
	bool is_over;
};

_Static_assert(sizeof(struct modules_start_args) == sizeof(struct modules_stop_args), "both name a module");

static void on_finished(struct ebus_async *async, int err)
{
	struct asking *a = (struct asking *)(void *)async;

	a->err = err;
	a->is_over = true;
}

/* Why it was not done, and the exit status. */
static int tell(int err, const char *what, const char *module)
{
	const struct modules_refused *refused = modules_error_refused(&modules_client);
	const struct modules_failed *failed = modules_error_failed(&modules_client);
	char why[EMF_ASK_WHY_MAX];

	if (err == -EREMOTEIO && refused) {
		emf_err(NULL, "%s", refused->why);
		return refused->reason == -ENOENT ? EMF_EXIT_USAGE : EMF_EXIT_FAILED;
	}
	if (err == -EREMOTEIO && failed) {
		emf_err(NULL, "%s", failed->why);
		return failed->reason == -EPERM || failed->reason == -EOPNOTSUPP ? EMF_EXIT_UNSUPPORTED : EMF_EXIT_FAILED;
	}
	if (err == -EACCES)
		emf_ask_denied(strcmp(what, "stop") ? "start modules" : "stop modules", "modules", what, why);
	else
		snprintf(why, sizeof(why), "%s %.63s: the service does not answer: %s", what, module, strerror(-err));
	return emf_ask_failed(err, why);
}

static int change(struct emf_client *client, unsigned int method, const char *what, const char *module)
{
	struct asking a = { .async = { .finished = on_finished, .timeout_ms = PATIENCE_MS } };
	int err;

	if (strlen(module) >= sizeof(a.args.module)) {
		emf_err(NULL, "there is no module '%.63s...'", module);
		return EMF_EXIT_USAGE;
	}
	snprintf(a.args.module, sizeof(a.args.module), "%s", module);
	a.async.args = &a.args;
	err = ebus_async_start(&a.async, &modules_client.base, method, NULL);
	while (!err && !a.is_over) {
		err = emf_client_dispatch(client, TURN_MS);
		err = err == -EINTR ? 0 : err;
	}
	if (!a.is_over)
		ebus_async_cancel(&a.async);
	err = a.is_over ? a.err : err;
	return err ? tell(err, what, module) : EMF_EXIT_OK;
}

/* Before anything is done. Who may not have the list is told by the service, when it comes to that name. */
static int check_names(char *const *names, int n)
{
	struct modules_list_reply *list = malloc(sizeof(*list));
	int status = EMF_EXIT_OK;

	if (!list || modules_call_list(&modules_client, list)) {
		free(list);
		return EMF_EXIT_OK;
	}
	for (int i = 0; i < n && status == EMF_EXIT_OK; i++) {
		struct emf_suggestion near = { .word = names[i] };
		__u32 at = 0;

		while (at < list->rows_len && strcmp(list->rows[at].name, names[i]))
			emf_suggest(&near, list->rows[at++].name);
		if (at < list->rows_len || list->rows_len == sizeof(list->rows) / sizeof(list->rows[0]))
			continue;
		emf_err(NULL, "there is no module '%s'%s%s%s", names[i], near.best ? "; did you mean '" : "", near.best ? near.best : "",
			near.best ? "'?" : "; 'list' lists them");
		status = EMF_EXIT_USAGE;
	}
	free(list);
	return status;
}

static int change_all(struct emf *emf, unsigned int method, const char *what, int argc, char **argv)
{
	int rest, status = emf_command_parse(emf, what, NULL, 0, argc, argv, &rest);
	struct emf_client *client;
	char why[EMF_ASK_WHY_MAX];
	int err;

	if (status >= 0)
		return status;
	if (rest == argc) {
		emf_err(NULL, "%s needs the name of a module; 'list' lists them", what);
		return EMF_EXIT_USAGE;
	}
	err = emf_ask_open(emf, &client, why);
	if (err)
		return emf_ask_failed(err, why);
	if (emf_client_use(client, &modules_client.base)) {
		emf_err(NULL, "%s", emf_client_why(client));
		status = EMF_EXIT_FAILED;
	} else {
		status = check_names(argv + rest, argc - rest);
	}
	for (int i = rest; i < argc && status == EMF_EXIT_OK; i++)
		status = change(client, method, what, argv[i]);
	emf_client_free(client);
	return status;
}

int emf_cmd_start(struct emf *emf, int argc, char **argv)
{
	return change_all(emf, offsetof(struct modules_ops, start) / sizeof(void *), "start", argc, argv);
}

int emf_cmd_stop(struct emf *emf, int argc, char **argv)
{
	return change_all(emf, offsetof(struct modules_ops, stop) / sizeof(void *), "stop", argc, argv);
}
