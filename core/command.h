/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * command.h - the built-in commands of a product.
 */
#ifndef EMF_CORE_COMMAND_H
#define EMF_CORE_COMMAND_H

#include "core.h"
#include "option.h"

/**
 * struct emf_command - one built-in command
 * @name: the word
 * @words: what follows it, for the help: "[MODULE...] [OPTIONS]"
 * @summary: one line
 * @run: called with the words from the command's own on; returns an exit status
 */
struct emf_command {
	const char *name;
	const char *words;
	const char *summary;
	int (*run)(struct emf *emf, int argc, char **argv);
};

/* NULL if there is no such command. */
const struct emf_command *emf_command_find(const char *name);
/* Whether a module can have the name of a command all the same: it runs when no word stands behind, but options. words.py has the same ones. */
bool emf_command_may_be_module(const char *name);

int emf_cmd_load(struct emf *emf, int argc, char **argv);
int emf_cmd_unload(struct emf *emf, int argc, char **argv);
int emf_cmd_upgrade(struct emf *emf, int argc, char **argv);
int emf_cmd_rollback(struct emf *emf, int argc, char **argv);
int emf_cmd_key(struct emf *emf, int argc, char **argv);
int emf_cmd_sign(struct emf *emf, int argc, char **argv);
int emf_cmd_verify(struct emf *emf, int argc, char **argv);
int emf_cmd_pack(struct emf *emf, int argc, char **argv);
int emf_cmd_list(struct emf *emf, int argc, char **argv);
int emf_cmd_run(struct emf *emf, int argc, char **argv);
int emf_cmd_serve(struct emf *emf, int argc, char **argv);
int emf_cmd_start(struct emf *emf, int argc, char **argv);
int emf_cmd_stop(struct emf *emf, int argc, char **argv);
int emf_cmd_top(struct emf *emf, int argc, char **argv);
int emf_cmd_metrics(struct emf *emf, int argc, char **argv);
int emf_cmd_status(struct emf *emf, int argc, char **argv);
int emf_cmd_acl(struct emf *emf, int argc, char **argv);
int emf_cmd_doctor(struct emf *emf, int argc, char **argv);
int emf_cmd_chain(struct emf *emf, int argc, char **argv);
int emf_cmd_purge(struct emf *emf, int argc, char **argv);
int emf_cmd_call(struct emf *emf, int argc, char **argv);
int emf_cmd_listen(struct emf *emf, int argc, char **argv);
int emf_cmd_services(struct emf *emf, int argc, char **argv);
int emf_cmd_describe(struct emf *emf, int argc, char **argv);
int emf_cmd_get(struct emf *emf, int argc, char **argv);
int emf_cmd_set(struct emf *emf, int argc, char **argv);
int emf_cmd_wait(struct emf *emf, int argc, char **argv);
int emf_cmd_test(struct emf *emf, int argc, char **argv);

int emf_cmd_monitor(struct emf *emf, int argc, char **argv);
int emf_cmd_read(struct emf *emf, int argc, char **argv);
int emf_cmd_replay(struct emf *emf, int argc, char **argv);
int emf_cmd_send(struct emf *emf, int argc, char **argv);
int emf_cmd_peers(struct emf *emf, int argc, char **argv);

/* A command that calls a method, with the words behind its own: short for "call SERVICE METHOD ...". */
int emf_command_call(struct emf *emf, const char *service, const char *method, int argc, char **argv);

/* The one line of usage, for help and mistakes: "Usage: emf run ...". */
void emf_command_usage(FILE *out, const struct emf *emf, const char *name);

/* Setters for option tables; context is what they name. */
int emf_option_set_true(const struct emf_option *option, const char *arg);     /* bool */
int emf_option_set_string(const struct emf_option *option, const char *arg);   /* const char * */
int emf_option_set_time(const struct emf_option *option, const char *arg);     /* uint64_t, ns; seconds without a unit */
int emf_option_set_count(const struct emf_option *option, const char *arg);    /* uint64_t above 0 */

/**
 * emf_command_simple() - parse a command that takes options and no words
 *
 * Return: -1 to go on; or an exit status: help was printed, or a mistake told.
 */
int emf_command_simple(struct emf *emf, const char *name, const struct emf_option *options,
		       size_t n, int argc, char **argv);

/* The same for one that takes words, too: @rest receives the index of the first. */
int emf_command_parse(struct emf *emf, const char *name, const struct emf_option *options, size_t n, int argc,
		      char **argv, int *rest);

/* Runs one product from its command line; the whole of main(). */
int emf_main(const struct emf_product *product, int argc, char **argv);

#endif
