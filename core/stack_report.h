/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * stack_report.h - stacks that a kernel part counted, by the names of their functions: as
 * text, folded for other programs, as JSON, as comma-separated values, and as a flame graph.
 */
#ifndef EMF_CORE_STACK_REPORT_H
#define EMF_CORE_STACK_REPORT_H

#include <emf/module.h>
#include <stdio.h>

#include "show.h"
#include "stack_names.h"

#define EMF_STACK_DEPTH 127 /* PERF_MAX_STACK_DEPTH, include/uapi/linux/perf_event.h: of each side */
#define EMF_STACKS_MAX 65536 /* different ones, of a report */

/**
 * struct emf_stack - one stack and what it counted
 * @pid: of the process
 * @comm: its name
 * @user: what bpf_get_stackid() said with BPF_F_USER_STACK; negative for none
 * @kernel: what it said without; negative for none
 * @weight: samples, nanoseconds, bytes
 */
struct emf_stack {
	uint32_t pid;
	char comm[16];
	int32_t user;
	int32_t kernel;
	uint64_t weight;
};

/* Names by their numbers, the outermost first: those of the process, then of the kernel. */
struct emf_named_stack {
	uint32_t pid;
	char comm[16];
	uint64_t weight;
	uint16_t n_user, n;
	uint32_t *frames;
};

struct emf_stack_report {
	const struct module *m;
	int stacks; /* descriptor of the map that has them */
	uint64_t per; /* so much weight is one of the unit */
	const char *unit;
	struct emf_stack_names names;
	struct emf_named_stack *all;
	size_t n, room;
	size_t n_merged; /* of these at the beginning each one differs from the others, in the order of merge */
	uint64_t beyond; /* weight of those that had no room */
};

enum emf_stack_form {
	EMF_STACK_TEXT,	  /* a paragraph for each, the most last */
	EMF_STACK_FOLDED, /* "comm;outer;inner weight", as other programs read it */
	EMF_STACK_JSON,
	EMF_STACK_CSV,
};

/**
 * emf_stack_report_add() - look up the functions of a stack
 * @report: begun by who has it with zeroes, and its first members
 * @stack: see there; what is not in the map any more has no functions
 *
 * While the process is there: later its functions have no names.
 *
 * Context: loop thread.
 * Return: 0; -ENOSPC beyond EMF_STACKS_MAX, which are counted; -ENOMEM.
 */
int emf_stack_report_add(struct emf_stack_report *report, const struct emf_stack *stack);

/* Stacks of the same functions become one, and those with the most are the last; in whole units, without those that have none. */
void emf_stack_report_sort(struct emf_stack_report *report);

/* Prints what was sorted. @shown: the columns of JSON and CSV; @now_ns: the time of JSON and CSV, or 0. */
void emf_stack_report_print(const struct emf_stack_report *report, enum emf_stack_form form, const struct emf_shown *shown, uint64_t now_ns);

/* A flame graph of what was sorted, in a file that is made or replaced; 0, or what open(2), write(2) and rename(2) report. */
int emf_stack_report_write(const struct emf_stack_report *report, const char *path);

/* Whether such a file could be made: 0, or what open(2) reports, without a trace. */
int emf_stack_report_try(const char *path);

/* Begins anew. */
void emf_stack_report_clear(struct emf_stack_report *report);

/* 0, or -ENOMEM. What the file itself says is seen by ferror(3). */
int emf_flame_write(const struct emf_stack_report *report, const char *title, const char *unit, FILE *out);

#endif
