/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * isolated_child.h - the process of an isolated extension, from within.
 */
#ifndef EMF_CORE_ISOLATED_CHILD_H
#define EMF_CORE_ISOLATED_CHILD_H

#include <stdbool.h>

struct emf;
struct emf_isolated_child;
struct emf_product;

/* Whether this program was started to be one. */
bool emf_isolated_is_meant(int argc, char *const *argv);

/**
 * emf_isolated_run() - be one
 * @product: that the file is for
 * @argc: as main() has it
 * @argv: likewise
 *
 * Return: an exit status.
 */
int emf_isolated_run(const struct emf_product *product, int argc, char **argv);

/* --- for session.c: in this order; what fails was told to the product */

/* Greets the product, and binds to its services. 0 or a negative errno. */
int emf_isolated_child_open(struct emf_isolated_child *child);

/* Its modules were started: tells the product what they provide, or why they do not run. 0, or a negative errno. */
int emf_isolated_child_started(struct emf_isolated_child *child);

/* Once per turn. false when it has to end: the product has hung up, or nothing of it runs any more. */
bool emf_isolated_child_turn(struct emf_isolated_child *child);

void emf_isolated_child_close(struct emf_isolated_child *child);

#endif
