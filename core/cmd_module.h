/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * cmd_module.h - commands that change modules of the running service: what they have in common.
 */
#ifndef EMF_CORE_CMD_MODULE_H
#define EMF_CORE_CMD_MODULE_H

#include <stdbool.h>

#define EMF_MODULE_PATIENCE_MS 60000 /* a module of many programs loads for seconds */

struct emf;

/* Of a command, for messages. */
struct emf_module_change {
	const char *name;
	const char *of; /* what it changes, for who may not */
	bool of_modules; /* its words are names of modules that are there */
};

/* What the service is to read. */
struct emf_module_file {
	char path[1024]; /* absolute, since the product has another working directory; a plain word is one that is installed */
	bool is_own;	 /* made of what came in, or was fetched, and removed at the end */
};

/* Finds what a word names, or fetches it; false is told. */
bool emf_module_file(struct emf *emf, const char *command, const char *word, struct emf_module_file *file);
void emf_module_file_end(const struct emf_module_file *file);

/* Tells why a call of service modules failed. Return: the exit status. */
int emf_module_failed(int err, const struct emf_module_change *change, const char *word);

#endif
