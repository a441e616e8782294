// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * stack_report.c - stacks by the names of their functions.
 */
#include "stack_report.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <emf/symbol.h>

/* Of one side, the outermost first; how many, or -ENOMEM. */
static int name_frames(struct emf_stack_report *report, int32_t id, uint32_t pid, bool user, uint32_t *frames)
{
	uint64_t addresses[EMF_STACK_DEPTH] = { 0 };
	int n = 0;

	if (id < 0 || bpf_map_lookup_elem(report->stacks, &id, addresses))
		return 0;
	while (n < EMF_STACK_DEPTH && addresses[n])
		n++;
	for (int i = 0; i < n; i++) {
		char name[EMF_SYMBOL_MAX];

		/* All but the innermost are where a call returns to, which may be behind the function's end. */
		if (user)
			emf_symbol_user(pid, addresses[i] - (i > 0), name);
		else
			emf_symbol_kernel(addresses[i] - (i > 0), name);
		frames[n - 1 - i] = emf_stack_names_add(&report->names, name);
		if (!frames[n - 1 - i])
			return -ENOMEM;
	}
	return n;
}

static int by_functions(const void *left, const void *right)
{
	const struct emf_named_stack *a = left, *b = right;
	int order = memcmp(a->comm, b->comm, sizeof(a->comm));

	if (a->pid != b->pid)
		return a->pid < b->pid ? -1 : 1;
	if (!order && a->n != b->n)
		return a->n < b->n ? -1 : 1;
	if (!order && a->n_user != b->n_user)
		return a->n_user < b->n_user ? -1 : 1;
	return order ? order : memcmp(a->frames, b->frames, a->n * sizeof(*a->frames));
}

/* Stacks of other addresses in the same functions are one. */
static void merge(struct emf_stack_report *report)
{
	size_t kept = 0;

	if (!report->n)
		return;
	qsort(report->all, report->n, sizeof(*report->all), by_functions);
	for (size_t i = 1; i < report->n; i++) {
		if (by_functions(&report->all[kept], &report->all[i])) {
			report->all[++kept] = report->all[i];
			continue;
		}
		report->all[kept].weight += report->all[i].weight;
		free(report->all[i].frames);
	}
	report->n = report->n_merged = kept + 1;
}

static struct emf_named_stack *merged(const struct emf_stack_report *report, const struct emf_named_stack *stack)
{
	return report->n_merged ? bsearch(stack, report->all, report->n_merged, sizeof(*stack), by_functions) : NULL;
}

/* The frames of @stack belong to it, unless it fails. */
static int add(struct emf_stack_report *report, const struct emf_named_stack *stack)
{
	struct emf_named_stack *same = merged(report, stack);

	/* The same stacks come at each look: they take no room that others need. */
	if (!same && report->n == EMF_STACKS_MAX && report->n_merged < report->n) {
		merge(report);
		same = merged(report, stack);
	}
	if (same) {
		same->weight += stack->weight;
		free(stack->frames);
		return 0;
	}
	if (report->n == EMF_STACKS_MAX)
		return -ENOSPC;
	if (report->n == report->room) {
		size_t room = report->room ? 2 * report->room : 256;
		struct emf_named_stack *grown = realloc(report->all, room * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		report->all = grown;
		report->room = room;
	}
	report->all[report->n++] = *stack;
	return 0;
}

int emf_stack_report_add(struct emf_stack_report *report, const struct emf_stack *stack)
{
	struct emf_named_stack named = { .pid = stack->pid, .weight = stack->weight };
	uint32_t frames[2 * EMF_STACK_DEPTH];
	int user = name_frames(report, stack->user, stack->pid, true, frames);
	int kernel = user < 0 ? user : name_frames(report, stack->kernel, stack->pid, false, frames + user);
	int err;

	if (kernel < 0)
		return kernel;
	memcpy(named.comm, stack->comm, sizeof(named.comm));
	named.n_user = (uint16_t)user;
	named.n = (uint16_t)(user + kernel);
	named.frames = malloc((named.n ? named.n : 1u) * sizeof(*named.frames));
	if (!named.frames)
		return -ENOMEM;
	memcpy(named.frames, frames, named.n * sizeof(*frames));
	err = add(report, &named);
	if (err)
		free(named.frames);
	if (err == -ENOSPC)
		report->beyond += stack->weight;
	return err;
}

static int by_weight(const void *left, const void *right)
{
	const struct emf_named_stack *a = left, *b = right;

	return a->weight < b->weight ? -1 : a->weight > b->weight;
}

void emf_stack_report_sort(struct emf_stack_report *report)
{
	size_t left = 0;

	merge(report);
	report->n_merged = 0; /* the order becomes another one */
	for (size_t i = 0; i < report->n; i++) {
		report->all[i].weight /= report->per;
		if (report->all[i].weight)
			report->all[left++] = report->all[i];
		else
			free(report->all[i].frames);
	}
	report->n = left;
	report->beyond /= report->per;
	if (report->n)
		qsort(report->all, report->n, sizeof(*report->all), by_weight);
}

/* Beside it, so that nobody sees a half of it; a new file, so that nobody's link is followed. */
static int open_part(const char *path, char *part, size_t size)
{
	int fd;

	if (snprintf(part, size, "%s.%d.part", path, (int)getpid()) >= (int)size)
		return -ENAMETOOLONG;
	fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	return fd < 0 ? -errno : fd;
}

int emf_stack_report_write(const struct emf_stack_report *report, const char *path)
{
	char part[PATH_MAX];
	int fd = open_part(path, part, sizeof(part)), err;
	FILE *f;

	if (fd < 0)
		return fd;
	f = fdopen(fd, "w");
	if (!f) {
		err = -errno;
		close(fd);
		unlink(part);
		return err;
	}
	/* A write in the middle may fail as well, of which stdio keeps no reason. */
	errno = 0;
	err = emf_flame_write(report, report->m->name, report->unit, f);
	if ((fflush(f) || ferror(f)) && !err)
		err = errno ? -errno : -EIO;
	if (fclose(f) && !err)
		err = -errno;
	if (!err && rename(part, path))
		err = -errno;
	if (err)
		unlink(part);
	return err;
}

int emf_stack_report_try(const char *path)
{
	char part[PATH_MAX];
	struct stat there;
	int fd = open_part(path, part, sizeof(part));

	if (fd < 0)
		return fd;
	close(fd);
	unlink(part);
	/* The picture takes the place of what has its name: not of a device, nor of a link to something. */
	return !lstat(path, &there) && !S_ISREG(there.st_mode) ? (S_ISDIR(there.st_mode) ? -EISDIR : -EMEDIUMTYPE) : 0;
}

void emf_stack_report_clear(struct emf_stack_report *report)
{
	while (report->n)
		free(report->all[--report->n].frames);
	free(report->all);
	emf_stack_names_fini(&report->names);
	report->all = NULL;
	report->room = report->n_merged = 0;
	report->beyond = 0;
}
