// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * option.c - option tables over getopt_long(3).
 */
#include "option.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "log.h"
#include "suggest.h"

/* Values of getopt for options of the table: above every character. */
#define FIRST_ID 0x100
#define HELP_ID (FIRST_ID + EMF_OPTIONS_MAX)

struct getopt_tables {
	struct option longs[EMF_OPTIONS_MAX + 2]; /* --help and the end */
	char shorts[3 * EMF_OPTIONS_MAX + 4];
};

static int arg_kind(const struct emf_option *option)
{
	if (!option->arg)
		return no_argument;
	return option->arg_optional ? optional_argument : required_argument;
}

static void fill(struct getopt_tables *tables, const struct emf_option *options, size_t n,
		 bool leading)
{
	char *s = tables->shorts;

	/* Not cleared as a whole: pages that are not touched cost no start-up time. */
	if (leading)
		*s++ = '+';
	*s++ = ':'; /* tell a missing argument from an unknown option */
	*s++ = 'h';
	for (size_t i = 0; i < n; i++) {
		int kind = arg_kind(&options[i]);

		tables->longs[i] = (struct option){ options[i].name, kind, NULL, FIRST_ID + (int)i };
		if (!options[i].short_name)
			continue;
		*s++ = options[i].short_name;
		/* A short flag cannot take an optional argument: "-xf" is two flags. */
		if (kind == required_argument)
			*s++ = ':';
	}
	*s = '\0';
	tables->longs[n] = (struct option){ "help", no_argument, NULL, HELP_ID };
	tables->longs[n + 1] = (struct option){ 0 };
}

static const struct emf_option *find(const struct emf_option *options, size_t n, int id)
{
	if (id >= FIRST_ID)
		return &options[id - FIRST_ID];
	for (size_t i = 0; i < n; i++)
		if (options[i].short_name == id)
			return &options[i];
	return NULL;
}

/* Without the product, whose name each message begins with. */
static const char *command(const char *who)
{
	const char *blank = strchr(who, ' ');

	return blank ? blank + 1 : who;
}

static int report_unknown(const char *who, const char *text, int letter,
			  const struct emf_option *options, size_t n)
{
	struct emf_suggestion near = { 0 };
	char word[128];

	if (letter && letter < FIRST_ID) {
		emf_err(NULL, "%s: unknown option '-%c'; '%s --help' lists the options", command(who), letter, who);
		return -EINVAL;
	}
	text += strspn(text, "-");
	/* Without "=ARGUMENT", which says nothing about the name. */
	snprintf(word, sizeof(word), "%.*s", (int)strcspn(text, "="), text);
	if (letter >= FIRST_ID) {
		emf_err(NULL, "%s: option '--%s' takes no argument", command(who), word);
		return -EINVAL;
	}
	near.word = word;
	for (size_t i = 0; i < n; i++)
		emf_suggest(&near, options[i].name);
	if (near.best)
		emf_err(NULL, "%s: unknown option '--%s'; did you mean '--%s'?", command(who), word, near.best);
	else
		emf_err(NULL, "%s: unknown option '--%s'; '%s --help' lists the options", command(who), word, who);
	return -EINVAL;
}

int emf_options_parse(const char *who, const struct emf_option *options, size_t n, int argc,
		      char **argv, bool leading, int *rest)
{
	struct getopt_tables tables;
	int id, err;

	if (n > EMF_OPTIONS_MAX) {
		emf_err(NULL, "%s: more than %d options; name fewer modules", command(who), EMF_OPTIONS_MAX);
		return -EINVAL;
	}
	fill(&tables, options, n, leading);
	opterr = 0;
	optind = 0; /* glibc and musl: start anew, also inside a word */
	while ((id = getopt_long(argc, argv, tables.shorts, tables.longs, NULL)) != -1) {
		const struct emf_option *option;

		if (id == 'h' || id == HELP_ID)
			return EMF_OPTIONS_HELP;
		if (id == '?')
			return report_unknown(who, argv[optind - 1], optopt, options, n);
		if (id == ':') {
			emf_err(NULL, "%s: option '%s' needs an argument", command(who), argv[optind - 1]);
			return -EINVAL;
		}
		option = find(options, n, id);
		err = option->set(option, optarg);
		if (err)
			return -EINVAL;
	}
	*rest = optind;
	return 0;
}

void emf_options_help(FILE *out, const struct emf_option *options, size_t n)
{
	char left[64];

	for (size_t i = 0; i < n; i++) {
		const struct emf_option *o = &options[i];
		const char *open = o->arg ? (o->arg_optional ? "[=" : " ") : "";
		const char *close = o->arg && o->arg_optional ? "]" : "";

		if (!o->doc)
			continue;
		snprintf(left, sizeof(left), "%s%c%s --%s%s%s%s", o->short_name ? "-" : " ",
			 o->short_name ? o->short_name : ' ', o->short_name ? "," : " ", o->name,
			 open, o->arg ? o->arg : "", close);
		fprintf(out, strlen(left) > 28 ? "  %s\n  %-28s  %s\n" : "  %-28s%s  %s\n", left, "",
			o->doc ? o->doc : "");
	}
}

int emf_option_each(const char *option, int argc, char **argv, int (*each)(void *context, const char *arg), void *context)
{
	const size_t len = strlen(option);
	int err = 0;

	for (int i = 0; i < argc && !err && strcmp(argv[i], "--"); i++) {
		if (!strcmp(argv[i], option) && i + 1 < argc)
			err = each(context, argv[++i]);
		else if (!strncmp(argv[i], option, len) && argv[i][len] == '=')
			err = each(context, argv[i] + len + 1);
	}
	return err;
}
