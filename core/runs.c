// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * runs.c - how often programs ran.
 */
#include "runs.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "module.h"

static const struct emf_run_count *find(const struct emf_runs *runs, const char *program)
{
	for (size_t i = 0; i < runs->n; i++)
		if (!strcmp(runs->counts[i].program, program))
			return &runs->counts[i];
	return NULL;
}

/* What the kernel has counted. Of a program that is called it counts the one that calls. */
static int read_own(const struct emf_unit *unit, const struct bpf_program *program, struct emf_run_count *count)
{
	struct bpf_prog_info info = { 0 };
	__u32 size = sizeof(info);
	const struct emf_root *root = emf_root_of(unit, program);
	int fd = root ? emf_root_fd(root) : emf_unit_program_fd(unit, program);

	if (fd < 0)
		return -ENOENT;
	if (bpf_obj_get_info_by_fd(fd, &info, &size))
		return -errno;
	snprintf(count->program, sizeof(count->program), "%s", bpf_program__name(program));
	count->runs = info.run_cnt;
	count->ns = info.run_time_ns;
	return 0;
}

int emf_runs_of(const struct emf_unit *unit, const struct bpf_program *program, struct emf_run_count *count)
{
	const struct emf_run_count *before = find(&unit->runs, bpf_program__name(program));
	int err = read_own(unit, program, count);

	if (!err && before) {
		count->runs += before->runs;
		count->ns += before->ns;
	}
	return err;
}

struct emf_run_count emf_runs_gone(const struct emf_unit *unit)
{
	struct emf_run_count gone = { .runs = 0 };

	for (size_t i = 0; i < unit->runs.n; i++) {
		const struct emf_run_count *count = &unit->runs.counts[i];

		if (unit->object.head && bpf_object__find_program_by_name(unit->object.head->obj, count->program))
			continue;
		gone.runs += count->runs;
		gone.ns += count->ns;
	}
	return gone;
}

static void put(struct emf_runs *runs, const struct emf_run_count *count)
{
	struct emf_run_count *there = (struct emf_run_count *)find(runs, count->program);

	if (there)
		*there = *count;
	else
		runs->counts[runs->n++] = *count;
}

static __u32 id_of(const struct emf_unit *unit, const struct bpf_program *program)
{
	const struct emf_root *root = emf_root_of(unit, program);
	struct bpf_prog_info info = { 0 };
	__u32 size = sizeof(info);
	int fd = root ? emf_root_fd(root) : emf_unit_program_fd(unit, program);

	return fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size) ? 0 : info.id;
}

/* What was counted of it goes on to be. */
static bool is_kept(const struct emf_unit *unit, const struct emf_unit *from, const struct bpf_program *of)
{
	const struct bpf_program *program = bpf_object__find_program_by_name(unit->object.head->obj, bpf_program__name(of));

	return program && id_of(unit, program) && id_of(unit, program) == id_of(from, of);
}

int emf_runs_take_over(struct emf_unit *unit, const struct emf_unit *from)
{
	struct bpf_program *program;
	struct emf_run_count *more;
	size_t n = from->runs.n;

	if (!unit->object.head || !from->object.head)
		return 0;
	bpf_object__for_each_program(program, from->object.head->obj)
		n++;
	if (!n)
		return 0;
	/* It may be called again, when the last of them has ended: those that are there keep their places. */
	more = realloc(unit->runs.counts, (unit->runs.n + n) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	unit->runs.counts = more;
	for (size_t i = 0; i < from->runs.n; i++)
		put(&unit->runs, &from->runs.counts[i]);
	bpf_object__for_each_program(program, from->object.head->obj) {
		struct emf_run_count count;

		if (!is_kept(unit, from, program) && !emf_runs_of(from, program, &count))
			put(&unit->runs, &count);
	}
	return 0;
}

void emf_runs_fini(struct emf_runs *runs)
{
	free(runs->counts);
	*runs = (struct emf_runs){ .n = 0 };
}
