/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stack_report.h - stacks with their functions, for the forms that they are printed in.
 */
#ifndef EMF_CORE_STACK_REPORT_H
#define EMF_CORE_STACK_REPORT_H

#include <emf/stack.h>
#include <stdio.h>

#include "stack_names.h"

#define EMF_STACKS_MAX 65536 /* different ones, of a report */

/* Names by their numbers, the outermost first: those of the process, then of the kernel. */
struct emf_named_stack {
	uint32_t pid;
	char comm[16];
	uint64_t weight;
	uint16_t n_user, n;
	uint32_t *frames;
};

struct emf_stack_report {
	struct module *m;
	int stacks;
	struct emf_stack_names names;
	struct emf_named_stack *all;
	size_t n, room;
	uint64_t beyond; /* weight of those that had no room */
};

/* 0, or -ENOMEM. What the file itself says is seen by ferror(3). */
int emf_flame_write(const struct emf_stack_report *report, const char *title, const char *unit, FILE *out);

#endif
