/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * emf/stack.h - stacks that a kernel part counted, by the names of their functions: as
 * text, folded for other programs, as JSON, and as a flame graph.
 */
#ifndef EMF_STACK_H
#define EMF_STACK_H

#include <emf/module.h>

#ifdef __cplusplus
extern "C" {
#endif

#define EMF_STACK_DEPTH 127 /* PERF_MAX_STACK_DEPTH, include/uapi/linux/perf_event.h: of each side */

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

enum emf_stack_form {
	EMF_STACK_TEXT,	  /* a paragraph for each, the most last; with -j lines of JSON */
	EMF_STACK_FOLDED, /* "comm;outer;inner weight", as other programs read it */
	EMF_STACK_SVG,	  /* a flame graph, for a browser */
};

struct emf_stack_report;

/**
 * emf_stack_report_new() - begin a report
 * @m: the module
 * @stacks: its map of type BPF_MAP_TYPE_STACK_TRACE
 *
 * Context: loop thread.
 * Return: the report; NULL without memory.
 * Since: 0.1
 */
EMF_API struct emf_stack_report *emf_stack_report_new(struct module *m, int stacks);

/**
 * emf_stack_report_add() - look up the functions of a stack
 * @report: see above
 * @stack: see there; what is not in the map any more has no functions
 *
 * Stacks of the same functions are counted together. While the process is there: later its
 * functions have no names.
 *
 * Context: loop thread.
 * Return: 0; -ENOSPC beyond 65536 stacks, which are counted and told at the end; -ENOMEM.
 * Since: 0.1
 */
EMF_API int emf_stack_report_add(struct emf_stack_report *report, const struct emf_stack *stack);

/**
 * emf_stack_report_end() - print a report, and free it
 * @report: see above
 * @form: see there
 * @unit: of the weight: "samples"
 * @path: the file that a flame graph goes to, which is made or replaced; else NULL
 *
 * Context: loop thread.
 * Return: 0; or what open(2), write(2) and rename(2) report of @path, which has been logged.
 * Since: 0.1
 */
EMF_API int emf_stack_report_end(struct emf_stack_report *report, enum emf_stack_form form, const char *unit, const char *path);

#ifdef __cplusplus
}
#endif

#endif
