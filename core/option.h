/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * option.h - options of a command as a table, over getopt_long(3). (argp would
 * do more, and exists in glibc only.)
 */
#ifndef EMF_CORE_OPTION_H
#define EMF_CORE_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define EMF_OPTIONS_MAX 256 /* of one command, those of its modules included */

/**
 * struct emf_option - one option
 * @name: without the dashes
 * @short_name: one letter, or 0
 * @arg: what to call its argument in the help, or NULL if it takes none
 * @arg_optional: it may also stand without: --name or --name=ARG
 * @doc: one line for the help, or NULL for an option that it leaves out
 * @set: called with @context and the argument, or NULL; a negative value ends
 *	the parse, and has been reported
 * @context: whatever @set needs
 */
struct emf_option {
	const char *name;
	char short_name;
	const char *arg;
	bool arg_optional;
	const char *doc;
	int (*set)(const struct emf_option *option, const char *arg);
	void *context;
};

#define EMF_OPTIONS_HELP 1 /* --help was given */

/**
 * emf_options_parse() - go through the words of a command
 * @who: the command, for messages: "emf run"
 * @options: the table; -h and --help are known without it
 * @n: its size
 * @argc: number of words, the first of which is skipped
 * @argv: the words; other words than options move to the end, as getopt does
 * @leading: stop at the first word that is no option
 * @rest: receives the index of the first word that is no option
 *
 * Return: 0; EMF_OPTIONS_HELP; or -EINVAL, which has been reported.
 */
int emf_options_parse(const char *who, const struct emf_option *options, size_t n, int argc,
		      char **argv, bool leading, int *rest);

/**
 * emf_option_each() - the arguments of one option, before the others are read
 * @option: with its hyphens: "--extension"
 * @argc: number of words
 * @argv: the words; they end at "--"
 * @each: called with each argument, "--extension X" and "--extension=X"; another result than 0 ends it
 * @context: passed on
 *
 * Return: 0, or what @each returned.
 */
int emf_option_each(const char *option, int argc, char **argv, int (*each)(void *context, const char *arg), void *context);

/* One line for each option, aligned. */
void emf_options_help(FILE *out, const struct emf_option *options, size_t n);

#endif
