// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * cmd_module.c - "start", "stop", "load" and "unload": modules of the running service.
 */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ask.h"
#include "client_own.h"
#include "cmd_module.h"
#include "command.h"
#include "emf_emf.h"
#include "package_bytes.h"
#include "package_fetch.h"
#include "package_load.h"
#include "rundir.h"
#include "suggest.h"

#define INPUT "load-" /* a file in the run folder, with the pid of who has it */

/* One of the commands: what is done with each of its words. */
struct change {
	struct emf_module_change base;
	const char *needs;
	bool may_isolate; /* it has the option */
	int (*one)(struct emf *emf, const char *word, bool *is_bad); /* 0, or an error of the call; @is_bad: of the word, and told */
};

static bool is_name(const char *word)
{
	if (strlen(word) < sizeof(((struct modules_start_args *)NULL)->module))
		return true;
	emf_err(NULL, "there is no module '%.63s...'", word);
	return false;
}

static int start(struct emf *emf, const char *word, bool *is_bad)
{
	struct modules_start_args args = { 0 };

	(void)emf;
	*is_bad = !is_name(word);
	snprintf(args.module, sizeof(args.module), "%.63s", word);
	return *is_bad ? 0 : modules_call_start(&modules_client, &args);
}

static int stop(struct emf *emf, const char *word, bool *is_bad)
{
	struct modules_stop_args args = { 0 };

	(void)emf;
	*is_bad = !is_name(word);
	snprintf(args.module, sizeof(args.module), "%.63s", word);
	return *is_bad ? 0 : modules_call_stop(&modules_client, &args);
}

static int unload(struct emf *emf, const char *word, bool *is_bad)
{
	struct modules_unload_args args = { 0 };

	(void)emf;
	*is_bad = !is_name(word);
	snprintf(args.module, sizeof(args.module), "%.63s", word);
	return *is_bad ? 0 : modules_call_unload(&modules_client, &args);
}

/* "load-PID.emfpkg" of a command that was killed before it could take it away. */
static void remove_old_input(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	int pid;

	while (dir && (entry = readdir(dir)))
		if (sscanf(entry->d_name, INPUT "%d" EMF_PACKAGE_SUFFIX, &pid) == 1 && pid > 0 && kill(pid, 0) && errno == ESRCH)
			unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir)
		closedir(dir);
}

/* What comes in, or from elsewhere, becomes a file for the time of the call: the service reads files. */
static char *keep_input(struct emf *emf, const char *word, char path[PATH_MAX], char why[EMF_PACKAGE_WHY_MAX])
{
	char folder[RUNDIR_PATH_MAX] = "the run folder"; /* while it is not known */
	struct emf_bytes bytes = { 0 };
	int err = emf_rundir(folder);

	if (!err)
		bytes.data = emf_package_is_url(word) ? emf_package_fetch(emf, word, &bytes.size, why) : emf_package_slurp(word, &bytes.size, why);
	if (!err && !bytes.data)
		return NULL;
	if (!err) {
		remove_old_input(folder);
		snprintf(path, PATH_MAX, "%s/" INPUT "%d" EMF_PACKAGE_SUFFIX, folder, getpid());
		err = emf_bytes_store(&bytes, path);
	}
	free(bytes.data);
	snprintf(why, EMF_PACKAGE_WHY_MAX, "what comes in cannot be kept in %.100s: %s", folder, strerror(-err));
	return err ? NULL : strdup(path);
}

bool emf_module_file(struct emf *emf, const char *command, const char *word, struct emf_module_file *file)
{
	char found[PATH_MAX], why[EMF_PACKAGE_WHY_MAX], *path = NULL;
	bool is_good;

	file->is_own = !strcmp(word, "-") || emf_package_is_url(word);
	if (file->is_own)
		path = keep_input(emf, word, found, why);
	else if (strchr(word, '/') || strchr(word, '.') || emf_package_find(word, found))
		path = realpath(strchr(word, '/') || strchr(word, '.') ? word : found, NULL);
	else
		path = strdup(word);
	is_good = path && strlen(path) < sizeof(file->path);
	if (!is_good)
		emf_err(NULL, "%s %s: %s", command, word, path ? "its path is too long" : !file->is_own ? strerror(errno) : why);
	else
		snprintf(file->path, sizeof(file->path), "%s", path);
	free(path);
	return is_good;
}

void emf_module_file_end(const struct emf_module_file *file)
{
	if (file->is_own)
		unlink(file->path);
}

static int load(struct emf *emf, const char *word, bool *is_bad)
{
	struct modules_load_args args = { 0 };
	struct modules_load_reply reply;
	struct emf_module_file file;
	int err;

	*is_bad = !emf_module_file(emf, "load", word, &file);
	if (*is_bad)
		return 0;
	snprintf(args.path, sizeof(args.path), "%s", file.path);
	err = modules_call_load(&modules_client, &args, &reply);
	emf_module_file_end(&file);
	return err;
}

/* One file, and parameters of its module behind it. */
static int isolate(struct emf *emf, char *const *words, int n, bool *is_bad)
{
	struct modules_isolate_args *args = calloc(1, sizeof(*args));
	struct modules_isolate_reply reply;
	struct emf_module_file file;
	int err = args ? 0 : -ENOMEM;

	*is_bad = args && (size_t)n > 1 + sizeof(args->parameters) / sizeof(args->parameters[0]);
	if (*is_bad)
		emf_err(NULL, "load --isolated takes at most %zu parameters", sizeof(args->parameters) / sizeof(args->parameters[0]));
	for (int i = 1; i < n && !err && !*is_bad; i++) {
		*is_bad = !strchr(words[i], '=') || strlen(words[i]) >= sizeof(args->parameters[0].text);
		if (*is_bad)
			emf_err(NULL, "load --isolated %s: '%.64s' is not PARAMETER=VALUE: it loads one file, with its parameters behind it", words[0], words[i]);
		else
			snprintf(args->parameters[args->parameters_len++].text, sizeof(args->parameters[0].text), "%s", words[i]);
	}
	*is_bad = *is_bad || (!err && !emf_module_file(emf, "load", words[0], &file));
	if (!*is_bad && !err) {
		snprintf(args->path, sizeof(args->path), "%s", file.path);
		err = modules_call_isolate(&modules_client, args, &reply);
		emf_module_file_end(&file);
	}
	free(args);
	return err;
}

int emf_module_failed(int err, const struct emf_module_change *change, const char *word)
{
	const struct modules_refused *refused = modules_error_refused(&modules_client);
	const struct modules_failed *failed = modules_error_failed(&modules_client);
	char what[64], why[EMF_ASK_WHY_MAX];

	if (err == -EREMOTEIO && refused && !change->of_modules) {
		emf_err(NULL, "%s %s: %s", change->name, word, refused->why);
		return refused->reason == -ENOENT ? EMF_EXIT_USAGE : EMF_EXIT_FAILED;
	}
	if (err == -EREMOTEIO && refused) {
		emf_err(NULL, "%s", refused->why);
		return refused->reason == -ENOENT ? EMF_EXIT_USAGE : EMF_EXIT_FAILED;
	}
	if (err == -EREMOTEIO && failed) {
		emf_err(NULL, "%s", failed->why);
		return failed->reason == -EPERM || failed->reason == -EOPNOTSUPP ? EMF_EXIT_UNSUPPORTED : EMF_EXIT_FAILED;
	}
	snprintf(what, sizeof(what), "%s %s", change->name, change->of);
	if (err == -EACCES)
		emf_ask_denied(what, "modules", change->name, why);
	else
		snprintf(why, sizeof(why), "%s %.63s: the service does not answer: %s", change->name, word, strerror(-err));
	return emf_ask_failed(err, why);
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

static int change_one(struct emf *emf, const struct change *change, const char *word)
{
	bool is_bad;
	int err = change->one(emf, word, &is_bad);

	if (is_bad)
		return EMF_EXIT_USAGE;
	return err ? emf_module_failed(err, &change->base, word) : EMF_EXIT_OK;
}

static int isolate_one(struct emf *emf, const struct change *change, char *const *words, int n)
{
	bool is_bad;
	int err = isolate(emf, words, n, &is_bad);

	if (is_bad)
		return EMF_EXIT_USAGE;
	return err ? emf_module_failed(err, &change->base, words[0]) : EMF_EXIT_OK;
}

static int change_all(struct emf *emf, const struct change *change, int argc, char **argv)
{
	bool is_isolated = false;
	const struct emf_option options[] = {
		{ "isolated", 0, NULL, false, "run the modules of one file, x.so, in a process of their own; its parameters stand behind it: PARAMETER=VALUE",
		  emf_option_set_true, &is_isolated },
	};
	int rest, status = emf_command_parse(emf, change->base.name, options, change->may_isolate, argc, argv, &rest);
	struct emf_client *client;
	char why[EMF_ASK_WHY_MAX];
	int err;

	if (status >= 0)
		return status;
	if (rest == argc) {
		emf_err(NULL, "%s needs %s", change->base.name, change->needs);
		return EMF_EXIT_USAGE;
	}
	err = emf_ask_open(emf, &client, why);
	if (err)
		return emf_ask_failed(err, why);
	emf_client_set_timeout(client, EMF_MODULE_PATIENCE_MS);
	status = EMF_EXIT_OK;
	if (emf_client_use(client, &modules_client.base)) {
		emf_err(NULL, "%s", emf_client_why(client));
		status = EMF_EXIT_FAILED;
	} else if (change->base.of_modules) {
		status = check_names(argv + rest, argc - rest);
	}
	if (status == EMF_EXIT_OK && is_isolated)
		status = isolate_one(emf, change, argv + rest, argc - rest);
	for (int i = rest; i < argc && status == EMF_EXIT_OK && !is_isolated; i++)
		status = change_one(emf, change, argv[i]);
	emf_client_free(client);
	return status;
}

#define A_MODULE "the name of a module; 'list' lists them"

int emf_cmd_start(struct emf *emf, int argc, char **argv)
{
	return change_all(emf, &(struct change){ { "start", "modules", true }, A_MODULE, false, start }, argc, argv);
}

int emf_cmd_stop(struct emf *emf, int argc, char **argv)
{
	return change_all(emf, &(struct change){ { "stop", "modules", true }, A_MODULE, false, stop }, argc, argv);
}

int emf_cmd_load(struct emf *emf, int argc, char **argv)
{
	return change_all(emf, &(struct change){ { "load", "extensions", false }, "the file of an extension, x.so, or of a package, x.emfpkg", true, load }, argc, argv);
}

int emf_cmd_unload(struct emf *emf, int argc, char **argv)
{
	static const char needs[] = "the name of a module that came with an extension; 'status' shows those that are there";

	return change_all(emf, &(struct change){ { "unload", "extensions", false }, needs, false, unload }, argc, argv);
}
