// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * command.c - the command line: which word runs what.
 */
#include "command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "extension.h"
#include "guardian_process.h"
#include "isolated.h"
#include "isolated_child.h"
#include "log.h"
#include "output.h"
#include "package_load.h"
#include "suggest.h"
#include "value.h"
#include "want.h"

static int cmd_help(struct emf *emf, int argc, char **argv);
static int cmd_version(struct emf *emf, int argc, char **argv);

static const struct emf_command commands[] = {
	{ "run", "[MODULE...] [OPTIONS]", "run modules and print what they see", emf_cmd_run },
	{ "serve", "[MODULE...] [OPTIONS]", "run the configured modules as a service", emf_cmd_serve },
	{ "list", "[FILE...] [-j]", "list the modules of this product, or of packages", emf_cmd_list },
	{ "status", "[-j]", "show how the modules of the running service do", emf_cmd_status },
	{ "metrics", "[--textfile DIR]", "print metrics of the running service for Prometheus, or write them to a file", emf_cmd_metrics },
	{ "top", "[OPTIONS]", "show what modules of the running service cost, again and again", emf_cmd_top },
	{ "start", "MODULE...", "start modules of the running service", emf_cmd_start },
	{ "stop", "MODULE...", "stop modules of the running service; the others run on", emf_cmd_stop },
	{ "load", "FILE...", "load extensions or packages into the running service, and start their modules", emf_cmd_load },
	{ "unload", "MODULE...", "stop the modules of extensions or packages of the running service, and take them away", emf_cmd_unload },
	{ "upgrade", "MODULE FILE [--dry-run]", "let the module of a file take the place of the one that runs, with its maps and parameters", emf_cmd_upgrade },
	{ "rollback", "MODULE [--dry-run]", "let a module that was upgraded be what it was before", emf_cmd_rollback },
	{ "pack", "MODULE...|--join FILE... [-o FILE]", "make one file of modules that have no C of their own, for any product to load", emf_cmd_pack },
	{ "key", "new NAME", "make a key to sign packages with: NAME.key, which is secret, and NAME.pub", emf_cmd_key },
	{ "sign", "FILE... --key NAME.key", "sign packages", emf_cmd_sign },
	{ "verify", "FILE... [--key NAME.pub]", "say who signed packages, and whether this machine trusts him", emf_cmd_verify },
	{ "acl", "explain USER SERVICE.MEMBER", "say which rule decides what a user may on the bus", emf_cmd_acl },
	{ "doctor", "[-j] [--bundle FILE]", "say what this kernel and this user can do", emf_cmd_doctor },
	{ "chain", "list|show|move|enable|disable|count|trace [WORDS] [-j|--dot]", "show chains of programs, and change them while packets flow",
	  emf_cmd_chain },
	{ "purge", "", "take away what this product left in the kernel: chains that stayed, and what a killed one left", emf_cmd_purge },
	{ "call", "SERVICE METHOD [JSON|NAME=VALUE...] [OPTIONS]", "call a method of a service, and print what it answers",
	  emf_cmd_call },
	{ "listen", "PATTERN... [OPTIONS]", "print signals as they come: 'flow.*', '*.lost'", emf_cmd_listen },
	{ "monitor", "[PATTERN...] [OPTIONS]", "show what processes and the product say to each other: calls, answers, signals",
	  emf_cmd_monitor },
	{ "replay", "FILE [PATTERN...] [OPTIONS]", "call again what 'monitor -w FILE' has seen, and compare the answers", emf_cmd_replay },
	{ "read", "FILE [OPTIONS]", "print the events that 'run MODULE --capture FILE' has written", emf_cmd_read },
	{ "send", "SERVICE SIGNAL [JSON|NAME=VALUE...]", "send a signal in the place of its provider", emf_cmd_send },
	{ "peers", "[-j]", "list the processes that are connected to the running service", emf_cmd_peers },
	{ "services", "[-j]", "list the services of the running product", emf_cmd_services },
	{ "describe", "[SERVICE] [-j]", "print the description of services", emf_cmd_describe },
	{ "get", "[MODULE[.PARAMETER]] [-j]", "print parameters of the running modules", emf_cmd_get },
	{ "set", "MODULE.PARAMETER=VALUE...", "change parameters of running modules: all of them, or none", emf_cmd_set },
	{ "wait", "SERVICE [--timeout TIME]", "wait until a service is provided", emf_cmd_wait },
	{ "test", "MODULE [TEST]", "run the tests of a module, modules/MODULE.test.c", emf_cmd_test },
	{ "help", "[COMMAND|MODULE]", "explain a command or a module", cmd_help },
	{ "version", "", "print the version", cmd_version },
};
#define N_COMMANDS (sizeof(commands) / sizeof(*commands))
#define EMF_WORDS_MAX 4096 /* no person types more; a script that does has a file */

const struct emf_command *emf_command_find(const char *name)
{
	for (size_t i = 0; i < N_COMMANDS; i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

bool emf_command_may_be_module(const char *name)
{
	return !strcmp(name, "acl");
}

void emf_command_usage(FILE *out, const struct emf *emf, const char *name)
{
	const struct emf_command *command = emf_command_find(name);

	fprintf(out, "Usage: %s %s %s\n%c%s.\n", emf->product->name, name, command->words,
		command->summary[0] - 'a' + 'A', command->summary + 1);
}

int emf_option_set_true(const struct emf_option *option, const char *arg)
{
	(void)arg;
	*(bool *)option->context = true;
	return 0;
}

int emf_option_set_string(const struct emf_option *option, const char *arg)
{
	*(const char **)option->context = arg;
	return 0;
}

int emf_option_set_time(const struct emf_option *option, const char *arg)
{
	uint64_t *ns = option->context;
	unsigned long seconds;
	char *end;

	if (!emf_value_parse_duration(arg, ns) && *ns)
		return 0;
	errno = 0;
	seconds = strtoul(arg, &end, 10);
	/* A year is longer than anybody waits, and fits into 64 bits of nanoseconds. */
	if (*arg < '0' || *arg > '9' || *end || errno || !seconds || seconds > 366ul * 86400) {
		emf_err(NULL, "--%s: \"%s\" is not a whole number of seconds above 0, nor a time such as 500ms or 2m",
			option->name, arg);
		return -EINVAL;
	}
	*ns = seconds * 1000000000ull;
	return 0;
}

int emf_option_set_count(const struct emf_option *option, const char *arg)
{
	const struct emf_value_type type = { .type = EMF_U64 };

	if (!emf_value_parse(&type, arg, option->context) && *(uint64_t *)option->context)
		return 0;
	emf_err(NULL, "--%s: \"%s\" is not a number above 0", option->name, arg);
	return -EINVAL;
}

int emf_command_parse(struct emf *emf, const char *name, const struct emf_option *options, size_t n, int argc,
		      char **argv, int *rest)
{
	char who[96];
	int parsed;

	snprintf(who, sizeof(who), "%s %s", emf->product->name, name);
	parsed = emf_options_parse(who, options, n, argc, argv, false, rest);
	if (parsed == EMF_OPTIONS_HELP) {
		emf_command_usage(stdout, emf, name);
		if (n)
			printf("\nOptions:\n");
		emf_options_help(stdout, options, n);
		return EMF_EXIT_OK;
	}
	return parsed ? EMF_EXIT_USAGE : -1;
}

int emf_command_simple(struct emf *emf, const char *name, const struct emf_option *options,
		       size_t n, int argc, char **argv)
{
	int rest, status = emf_command_parse(emf, name, options, n, argc, argv, &rest);

	if (status < 0 && rest < argc) {
		emf_err(NULL, "%s takes no further words, and got '%s'", name, argv[rest]);
		return EMF_EXIT_USAGE;
	}
	return status;
}

static void print_help(const struct emf *emf)
{
	const char *name = emf->product->name;
	int width = 10; /* of names, with two blanks behind the longest: completion looks for them */

	for (size_t i = 0; i < emf->registry.n; i++) {
		int len = (int)strlen(emf->registry.units[i]->m->name);

		width = len > width ? len : width;
	}
	printf("%s %s%s%s\n\n", name, emf->product->version, emf->product->doc[0] ? " - " : "",
	       emf->product->doc);
	printf("Usage: %s MODULE [OPTIONS]     run one module; short for '%s run MODULE'\n"
	       "       %s COMMAND [OPTIONS]\n\nCommands:\n", name, name, name);
	for (size_t i = 0; i < N_COMMANDS; i++)
		printf("  %-*s  %s\n", width, commands[i].name, commands[i].summary);
	for (const struct emf_shortcut *s = emf->product->shortcuts; s && s->name; s++)
		printf("  %-*s  %s%s%s.%s\n", width, s->name, s->doc, s->doc[0] ? "; " : "calls ", s->service, s->method);
	printf("\nModules:\n");
	for (size_t i = 0; i < emf->registry.n; i++)
		printf("  %-*s  %s\n", width, emf->registry.units[i]->m->name,
		       emf->registry.units[i]->m->doc ? emf->registry.units[i]->m->doc : "");
	if (!emf->registry.n)
		printf("  (none were built in)\n");
	printf("\n'%s COMMAND --help' and '%s MODULE --help' explain one of them.\n"
	       "Exit status: 0 done, 1 failed, 2 usage, 77 the kernel or the privileges lack\n"
	       "what is needed ('%s doctor' says what).\n", name, name, name);
}

static int run_word(struct emf *emf, int argc, char **argv);

static int cmd_help(struct emf *emf, int argc, char **argv)
{
	char help[] = "--help";
	char *words[] = { argv[argc > 1 ? 1 : 0], help, NULL };

	if (argc > 2) {
		emf_err(NULL, "help explains one command or module, and got '%s' too", argv[2]);
		return EMF_EXIT_USAGE;
	}
	if (argc == 1 || argv[1][0] == '-') {
		emf_extension_add_all(emf);
		print_help(emf);
		return EMF_EXIT_OK;
	}
	return run_word(emf, 2, words);
}

static int cmd_version(struct emf *emf, int argc, char **argv)
{
	int status = emf_command_simple(emf, "version", NULL, 0, argc, argv);

	if (status >= 0)
		return status;
	printf("%s %s\nEMF %s, libbpf %s\n", emf->product->name, emf->product->version, EMF_VERSION,
	       libbpf_version_string());
	return EMF_EXIT_OK;
}

static int report_unknown(const struct emf *emf, const char *word)
{
	struct emf_suggestion near = { .word = word };
	const char *name = emf->product->name;

	for (size_t i = 0; i < N_COMMANDS; i++)
		emf_suggest(&near, commands[i].name);
	for (size_t i = 0; i < emf->registry.n; i++)
		emf_suggest(&near, emf->registry.units[i]->m->name);
	if (near.best)
		emf_err(NULL, "'%s' is neither a command nor a module; did you mean '%s'?", word, near.best);
	else
		emf_err(NULL, "'%s' is neither a command nor a module; '%s --help' lists both", word, name);
	return EMF_EXIT_USAGE;
}

/* Runs a command with @n words before those that came. */
static int run_as(struct emf *emf, int (*run)(struct emf *emf, int argc, char **argv), char *const *before, int n, int argc,
		  char **argv)
{
	char **words;
	int status;

	if (argc > EMF_WORDS_MAX) {
		emf_err(NULL, "more than %d words on the command line", EMF_WORDS_MAX);
		return EMF_EXIT_USAGE;
	}
	words = malloc((size_t)(argc + n + 1) * sizeof(*words));
	if (!words) {
		emf_err(NULL, "out of memory");
		return EMF_EXIT_FAILED;
	}
	memcpy(words, before, (size_t)n * sizeof(*words));
	memcpy(&words[n], argv, ((size_t)argc + 1) * sizeof(*argv));
	status = run(emf, argc + n, words);
	free(words);
	return status;
}

/* "MODULE ..." is short for "run MODULE ...". */
static int run_module(struct emf *emf, int argc, char **argv)
{
	char run[] = "run";

	return run_as(emf, emf_cmd_run, (char *[]){ run }, 1, argc, argv);
}

int emf_command_call(struct emf *emf, const char *service, const char *method, int argc, char **argv)
{
	char call[] = "call";

	return run_as(emf, emf_cmd_call, (char *[]){ call, (char *)service, (char *)method }, 3, argc - 1, argv + 1);
}

int emf_cmd_peers(struct emf *emf, int argc, char **argv)
{
	bool as_json = false; /* which the call reads again */
	const struct emf_option options[] = {
		{ "json", 'j', NULL, false, "print JSON", emf_option_set_true, &as_json },
	};
	int status = emf_command_simple(emf, "peers", options, 1, argc, argv);

	return status >= 0 ? status : emf_command_call(emf, "bus", "peers", argc, argv);
}

static const struct emf_shortcut *find_shortcut(const struct emf *emf, const char *name)
{
	const struct emf_shortcut *s = emf->product->shortcuts;

	while (s && s->name && strcmp(s->name, name))
		s++;
	return s && s->name ? s : NULL;
}

static int run_word(struct emf *emf, int argc, char **argv)
{
	const struct emf_command *command = emf_command_find(argv[0]);
	const struct emf_shortcut *shortcut = find_shortcut(emf, argv[0]);
	struct emf_unit *unit;
	int err;

	if (command && emf_command_may_be_module(argv[0]) && emf_registry_find(&emf->registry, argv[0]) && (argc == 1 || argv[1][0] == '-'))
		return run_module(emf, argc, argv);
	if (command)
		return command->run(emf, argc, argv);
	if (emf_package_is_path(argv[0]))
		return run_module(emf, argc, argv);
	if (shortcut)
		return emf_command_call(emf, shortcut->service, shortcut->method, argc, argv);
	emf->allows_unsigned = emf_package_is_allowed(argc, argv);
	if (emf_extension_add_asked(emf, argc, argv) || emf_isolated_add_asked(emf, argc, argv))
		return EMF_EXIT_FAILED;
	err = emf_want_find(emf, argv[0], &unit);
	if (err)
		return err == -ENOENT ? report_unknown(emf, argv[0]) : EMF_EXIT_FAILED;
	return run_module(emf, argc, argv);
}

static int dispatch(struct emf *emf, int argc, char **argv)
{
	if (argc < 2) {
		emf_err(NULL, "what shall it do? '%s --help' lists commands and modules", emf->product->name);
		return EMF_EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		return cmd_help(emf, 1, argv);
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V"))
		return cmd_version(emf, 1, argv);
	if (argv[1][0] == '-' && argv[1][1]) {
		emf_err(NULL, "unknown option '%s'; options come after a command or module", argv[1]);
		return EMF_EXIT_USAGE;
	}
	return run_word(emf, argc - 1, argv + 1);
}

int emf_main(const struct emf_product *product, int argc, char **argv)
{
	struct emf emf = { .product = product };
	struct module *const *begin, *const *end;
	int status, err;

	if (emf_guardian_is_meant(argc, argv))
		emf_guardian_run(product->name, argv);
	if (emf_isolated_is_meant(argc, argv))
		return emf_isolated_run(product, argc, argv);
	emf_output_init();
	emf_log_init(product->name);
	emf_registry_linked(&begin, &end);
	err = emf_registry_init(&emf.registry, &emf, begin, end);
	if (err) {
		if (err == -ENOMEM)
			emf_err(NULL, "out of memory");
		return EMF_EXIT_FAILED;
	}
	status = dispatch(&emf, argc, argv);
	err = emf_output_finish();
	/* What is lost weighs more than what the kernel lacks. */
	if (err && err != -EPIPE && (status == EMF_EXIT_OK || status == EMF_EXIT_UNSUPPORTED))
		status = EMF_EXIT_FAILED;
	emf_isolated_forget_all(&emf);
	emf_registry_fini(&emf.registry);
	emf_extension_forget_all(&emf);
	return status;
}
