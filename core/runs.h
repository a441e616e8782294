/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * runs.h - how often programs ran, and how long: those of a module that took the place of another go on counting.
 */
#ifndef EMF_CORE_RUNS_H
#define EMF_CORE_RUNS_H

#include <stddef.h>
#include <stdint.h>

#define EMF_RUNS_NAME_MAX 128

struct bpf_program;
struct emf_unit;

struct emf_run_count {
	char program[EMF_RUNS_NAME_MAX];
	uint64_t runs, ns;
};

/* Of programs that are gone, by name. */
struct emf_runs {
	struct emf_run_count *counts;
	size_t n;
};

/**
 * emf_runs_of() - how often a program ran
 * @unit: its module
 * @program: loaded
 * @count: receives its name, runs and time, with those of programs of this name that it took the place of
 *
 * Return: 0; -ENOENT for one that is not loaded; or what the kernel reports.
 */
int emf_runs_of(const struct emf_unit *unit, const struct bpf_program *program, struct emf_run_count *count);

/* Programs that went, and have no successor: the sum. */
struct emf_run_count emf_runs_gone(const struct emf_unit *unit);

/* What the programs of @unit->replaces or @unit->previous count up to now, @unit counts on from. 0 or -ENOMEM. */
int emf_runs_take_over(struct emf_unit *unit, const struct emf_unit *from);

void emf_runs_fini(struct emf_runs *runs);

#endif
