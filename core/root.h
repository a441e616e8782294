/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * root.h - a program that stays where it hangs, and calls another one: where the kernel cannot exchange the program of a link, as
 * with tracing, that other one is exchanged by one step. Each run costs a tail call more.
 */
#ifndef EMF_CORE_ROOT_H
#define EMF_CORE_ROOT_H

#include <bpf/libbpf.h>
#include <stdbool.h>

struct emf_root;
struct emf_unit;

/* One that a module has, and which program it called before this module: of one whose place is being taken; else -1. */
struct emf_rooted {
	struct emf_root *root;
	int before;
};

struct emf_roots {
	struct emf_rooted *roots;
	size_t n;
};

/**
 * emf_root_for() - what is to be attached in the place of a program
 * @unit: its module
 * @prog: loaded
 *
 * Return: its root; or @prog itself, where the product is not upgradable, or programs of this kind have no root.
 */
struct bpf_program *emf_root_for(struct emf_unit *unit, struct bpf_program *prog);

/* The root of a program that is attached by one, or NULL. */
struct emf_root *emf_root_of(const struct emf_unit *unit, const struct bpf_program *prog);

/* How often it ran is counted there. */
int emf_root_fd(const struct emf_root *root);

/**
 * emf_root_switch() - have a root of unit->replaces call a program of @unit
 * @unit: that takes a place
 * @prog: loaded; once for all links of the root
 * @root: of the program of that name
 *
 * Return: 0; -EINVAL for a program of another kind; or what the kernel reports.
 */
int emf_root_switch(struct emf_unit *unit, const struct bpf_program *prog, struct emf_root *root);

/* Those that were switched call what they called before; or that is forgotten. */
void emf_roots_give_back(struct emf_unit *unit);
void emf_roots_keep(struct emf_unit *unit);

/* Lets go of all: nothing of this module is attached. */
void emf_roots_close(struct emf_unit *unit);

/* --- parts */

/**
 * emf_root_object_make() - a kernel part of one program, which calls the first one of an array, and returns 0 where that is empty
 * @name: of it
 * @section: that says what it is, as SEC() of a kernel part does
 * @array: of programs
 * @size: receives how many bytes
 *
 * Return: bytes that libbpf opens, to be freed; NULL for ENOMEM, and for names of more than 400 bytes.
 */
void *emf_root_object_make(const char *name, const char *section, int array, size_t *size);

#endif
