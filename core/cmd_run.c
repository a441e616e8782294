// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * cmd_run.c - "run" and "serve": which modules, with which options.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "event_file.h"
#include "extension.h"
#include "isolated.h"
#include "log.h"
#include "package_load.h"
#include "session.h"
#include "show_only.h"
#include "show_options.h"
#include "view_stacks.h"
#include "want.h"

/* Behind a "--MODULE.PARAM": its module and parameter, kept for the setter. */
struct param_option {
	struct emf_unit *unit;
	size_t param;
	char full_name[128]; /* module.param: always understood */
	char name[128];      /* param, where that is no guess; what --help shows */
	char doc[384];
};

struct run {
	struct emf *emf;
	const char *who;
	struct emf_session_options session;
	struct emf_option *options; /* EMF_OPTIONS_MAX of them, @n in use */
	size_t n;
	size_t n_common;
	struct param_option *params;
	size_t n_params;
	const struct emf_unit *asked; /* the module that was named, if it was one; others may come with it */
	size_t n_asked;
	bool is_refused; /* a package was, which is no mistake on the command line */
};

static int assign(struct emf_unit *unit, size_t p, const char *text)
{
	char why[EMF_PARAM_WHY_MAX];

	if (!emf_param_assign(&unit->params, p, text, EMF_PARAM_COMMAND_LINE, why))
		return 0;
	emf_err(unit->m, "--%s: %s", unit->params.params[p].name, why);
	return -EINVAL;
}

static int set_param(const struct emf_option *option, const char *arg)
{
	const struct param_option *p = option->context;

	return assign(p->unit, p->param, arg ? arg : "true");
}

/* --set MODULE.PARAM=VALUE */
static int set_any(const struct emf_option *option, const char *arg)
{
	struct run *run = option->context;
	const char *dot = strchr(arg, '.'), *equals = strchr(arg, '=');
	char module[64], param[64];
	struct emf_unit *unit;
	int p;

	if (!dot || !equals || dot > equals) {
		emf_err(NULL, "--set: \"%s\" is not MODULE.PARAMETER=VALUE", arg);
		return -EINVAL;
	}
	snprintf(module, sizeof(module), "%.*s", (int)(dot - arg), arg);
	snprintf(param, sizeof(param), "%.*s", (int)(equals - dot - 1), dot + 1);
	if (emf_want_find(run->emf, module, &unit))
		unit = NULL;
	if (unit && unit->isolated)
		return emf_isolated_set_asked(unit->isolated, arg, dot + 1);
	p = unit ? emf_param_index(&unit->params, param) : -ENOENT;
	if (p < 0) {
		emf_err(NULL, unit ? "--set: module %s has no parameter \"%s\"" :
			"--set: this product has no module %s", module, param);
		return -EINVAL;
	}
	return assign(unit, (size_t)p, equals + 1);
}

static void add(struct run *run, const struct emf_option *option)
{
	/* emf_options_parse() refuses a table of more than the maximum. */
	if (run->n < EMF_OPTIONS_MAX)
		run->options[run->n] = *option;
	run->n++;
}

static void add_show(struct run *run)
{
	struct emf_option options[EMF_SHOW_OPTIONS];
	size_t n = emf_show_options(run->emf, options, true);

	for (size_t i = 0; i < n; i++)
		add(run, &options[i]);
}

static void add_common(struct run *run)
{
	struct emf_option options[EMF_SESSION_OPTIONS];
	size_t n = emf_session_options(run->emf, &run->session, options);

	for (size_t i = 0; i < n; i++)
		add(run, &options[i]);
	add(run, &(struct emf_option){ "set", 0, "MODULE.PARAM=VALUE", false, "set a parameter of any module", set_any, run });
	if (!run->emf->serving)
		add_show(run);
	run->n_common = run->n;
}

/* A plain name or letter that two of the modules share would be a guess. */
static bool is_unique(const struct run *run, const struct emf_unit *owner, size_t p, bool by_letter)
{
	const struct emf_param *param = &owner->params.params[p];

	for (size_t i = 0; i < run->n_common; i++)
		if (by_letter ? run->options[i].short_name == param->short_name :
				!strcmp(run->options[i].name, param->name))
			return false;
	for (size_t u = 0; u < run->emf->registry.n; u++) {
		const struct emf_unit *unit = run->emf->registry.units[u];

		for (size_t i = 0; unit->wanted && unit != owner && i < unit->params.n; i++)
			if (by_letter ? unit->params.params[i].short_name == param->short_name :
					emf_param_index(&unit->params, param->name) == (int)i)
				return false;
	}
	return true;
}

static void add_param(struct run *run, struct emf_unit *unit, size_t i)
{
	const struct emf_param *param = &unit->params.params[i];
	struct param_option *p = &run->params[run->n_params++];
	bool plain = strcmp(param->name, "help") && is_unique(run, unit, i, false);

	p->unit = unit;
	p->param = i;
	snprintf(p->full_name, sizeof(p->full_name), "%s.%s", unit->m->name, param->name);
	for (char *c = strchr(p->full_name, '.'); *c; c++)
		if (*c == '_')
			*c = '-';
	snprintf(p->name, sizeof(p->name), "%s", plain ? strchr(p->full_name, '.') + 1 : p->full_name);
	emf_param_describe(param, unit->params.states[i].initial, p->doc, sizeof(p->doc));
	if (!run->emf->serving && emf_show_is_only(unit, param->name)) {
		/* --pid is it; the full name is understood, and need not be told. */
		add(run, &(struct emf_option){ p->full_name, 0, emf_value_word(param->type), param->type == EMF_BOOL, NULL, set_param, p });
		return;
	}
	add(run, &(struct emf_option){ p->name, param->short_name && is_unique(run, unit, i, true) ? param->short_name : 0,
		emf_value_word(param->type), param->type == EMF_BOOL, p->doc, set_param, p });
	if (plain)
		add(run, &(struct emf_option){ p->full_name, 0, emf_value_word(param->type), param->type == EMF_BOOL, NULL, set_param, p });
	if (plain && strchr(param->name, '_')) /* as its variable is written, too */
		add(run, &(struct emf_option){ param->name, 0, emf_value_word(param->type), param->type == EMF_BOOL, NULL, set_param, p });
}

static int add_params(struct run *run)
{
	size_t n = 0;

	for (size_t u = 0; u < run->emf->registry.n; u++)
		n += run->emf->registry.units[u]->wanted ? run->emf->registry.units[u]->params.n : 0;
	run->params = calloc(n ? n : 1, sizeof(*run->params));
	if (!run->params)
		return -ENOMEM;
	for (size_t u = 0; u < run->emf->registry.n; u++)
		for (size_t i = 0; run->emf->registry.units[u]->wanted &&
				   i < run->emf->registry.units[u]->params.n; i++)
			add_param(run, run->emf->registry.units[u], i);
	return 0;
}

static int want(struct run *run, const char *name)
{
	struct emf_unit *unit = NULL;
	size_t n = emf_package_is_path(name) ? emf_want_package(run->emf, name, &unit) : 1;

	run->is_refused |= !n;
	unit = unit || !n ? unit : emf_want(run->emf, name);
	if (!unit)
		return -ENOENT;
	run->n_asked += run->asked != unit ? n : 0;
	run->asked = unit;
	return 0;
}

static bool ends_a_sentence(const char *text)
{
	size_t len = strlen(text);

	return len && strchr(".!?", text[len - 1]);
}

static bool has_own(const struct run *run)
{
	for (size_t i = run->n_common; i < run->n; i++)
		if (run->options[i].doc)
			return true;
	return false;
}

static void print_help(struct run *run, const char *command)
{
	const struct emf_unit *one = run->n_asked == 1 ? run->asked : NULL;

	if (one) {
		printf("Usage: %s %s [OPTIONS]\n", run->emf->product->name, one->m->name);
		if (one->m->doc)
			printf("%s%s\n", one->m->doc, ends_a_sentence(one->m->doc) ? "" : ".");
	} else {
		emf_command_usage(stdout, run->emf, command);
	}
	if (has_own(run)) {
		printf("\nOptions of %s:\n", one ? one->m->name : "these modules");
		emf_options_help(stdout, run->options + run->n_common, run->n - run->n_common);
	}
	for (size_t i = 0; i < run->n_common; i++)
		if (run->n_asked && !emf_option_is_of_use(run->emf, run->options[i].name))
			run->options[i].doc = NULL; /* is understood, and need not be told */
	printf("\nOptions:\n");
	emf_options_help(stdout, run->options, run->n_common);
}

/*
 * The words are [OPTIONS] MODULE... [OPTIONS]: which options there are in the
 * second place depends on the modules.
 */
static int parse(struct run *run, int argc, char **argv)
{
	int at = 0, skipped, parsed;

	parsed = emf_options_parse(run->who, run->options, run->n, argc, argv, true, &at);
	if (parsed)
		return parsed;
	for (; at < argc && (argv[at][0] != '-' || !argv[at][1]); at++)
		if (want(run, argv[at]))
			return -EINVAL;
	if (add_params(run)) {
		emf_err(NULL, "out of memory");
		return -ENOMEM;
	}
	/* getopt skips the first word of what it is given: the last module. */
	skipped = at - 1;
	parsed = emf_options_parse(run->who, run->options, run->n, argc - skipped, argv + skipped, false, &at);
	if (parsed)
		return parsed;
	if (at < argc - skipped) {
		emf_err(NULL, "%s: '%s' is out of place: modules come first, then options", run->who,
			argv[skipped + at]);
		return -EINVAL;
	}
	return 0;
}

/* It would print nothing, however long it runs; one that comes with this number later has to be waited for by a filter. */
static int check_pid(const struct emf_show *show)
{
	const char *text = show->only[EMF_ONLY_PID];
	long pid = text ? strtol(text, NULL, 0) : 0;

	if (pid <= 0 || pid > INT_MAX || !kill((pid_t)pid, 0) || errno != ESRCH)
		return 0;
	emf_err(NULL, "--pid: there is no process %ld (one that comes later: --filter 'pid == %ld', where the tool prints it)", pid, pid);
	return -EINVAL;
}

static int start(struct run *run, bool named)
{
	struct emf_config config = { 0 };
	int status = EMF_EXIT_USAGE;
	int err;

	run->session.by_config = !named;
	err = emf_session_configure(run->emf, &run->session, &config);
	if (!err && !named)
		err = emf_want_configured(run->emf, &config);
	run->emf->show.is_heard = run->session.bus;
	if (!err && !run->emf->serving)
		err = check_pid(&run->emf->show);
	if (!err && !run->emf->serving)
		err = emf_show_prepare(run->emf);
	if (!err && !run->emf->serving)
		err = emf_view_stacks_check(run->emf);
	if (!err) {
		const char *line = emf_config_get(&config, EMF_CONFIG_PRODUCT, "modules");

		run->emf->modules_line = strdup(line ? line : "");
		status = emf_session_run(run->emf, &run->session);
		free(run->emf->modules_line);
	}
	if (emf_event_file_close() && !status)
		status = EMF_EXIT_FAILED;
	emf_config_fini(&config);
	return status;
}

static int run_or_serve(struct emf *emf, int argc, char **argv, bool serve)
{
	struct run *run = calloc(1, sizeof(*run));
	/* Not cleared: most of it is never used, nor its pages then. */
	struct emf_option *table = malloc(EMF_OPTIONS_MAX * sizeof(*table));
	char who[96];
	bool named = false;
	int parsed, status;

	emf->allows_unsigned = emf_package_is_allowed(argc, argv);
	emf->serving = serve;
	if (!run || !table)
		emf_err(NULL, "out of memory");
	if (!run || !table || emf_extension_add_asked(emf, argc, argv) || emf_isolated_add_asked(emf, argc, argv)) {
		free(run);
		free(table);
		return EMF_EXIT_FAILED;
	}
	snprintf(who, sizeof(who), "%s %s", emf->product->name, argv[0]);
	run->emf = emf;
	run->who = who;
	run->options = table;
	add_common(run);
	parsed = parse(run, argc, argv);
	for (size_t i = 0; i < emf->registry.n; i++)
		named |= emf->registry.units[i]->wanted && !(serve && emf->registry.units[i]->isolated); /* a service runs it besides */
	if (parsed == EMF_OPTIONS_HELP) {
		print_help(run, argv[0]);
		status = EMF_EXIT_OK;
	} else if (parsed) {
		status = run->is_refused ? EMF_EXIT_FAILED : EMF_EXIT_USAGE;
	} else {
		status = start(run, named);
	}
	free(run->params);
	free(run->options);
	free(run);
	return status;
}

int emf_cmd_run(struct emf *emf, int argc, char **argv)
{
	return run_or_serve(emf, argc, argv, false);
}

int emf_cmd_serve(struct emf *emf, int argc, char **argv)
{
	return run_or_serve(emf, argc, argv, true);
}
