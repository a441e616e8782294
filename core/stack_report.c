// SPDX-License-Identifier: BSD-2-Clause
/*
 * stack_report.c - stacks by the names of their functions.
 */
#include "stack_report.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <emf/log.h>
#include <emf/output.h>
#include <emf/symbol.h>

#include "core.h"
#include "line.h"
#include "output.h"

#define LINE_MAX_BYTES (1 << 18) /* names of both sides, each byte of which is escaped in JSON */

struct emf_stack_report *emf_stack_report_new(struct module *m, int stacks)
{
	struct emf_stack_report *report = calloc(1, sizeof(*report));

	if (report) {
		report->m = m;
		report->stacks = stacks;
	}
	return report;
}

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

static int add(struct emf_stack_report *report, const struct emf_named_stack *stack)
{
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
	report->n = kept + 1;
}

static int by_weight(const void *left, const void *right)
{
	const struct emf_named_stack *a = left, *b = right;

	return a->weight < b->weight ? -1 : a->weight > b->weight;
}

static void print_text(const struct emf_stack_report *report, const struct emf_named_stack *s)
{
	char comm[64];

	emf_print(report->m, "\n");
	for (size_t i = s->n; i-- > 0;) {
		if (i + 1 == s->n_user && s->n > s->n_user)
			emf_print(report->m, "    --\n");
		emf_print(report->m, "    %s\n", emf_stack_names_get(&report->names, s->frames[i]));
	}
	emf_print(report->m, "    -                %s (%u)\n        %" PRIu64 "\n", emf_text(comm, sizeof(comm), s->comm, strnlen(s->comm, 16)),
		  s->pid, s->weight);
}

/* A semicolon parts the functions, and is none of a name. */
static void print_folded(const struct emf_stack_report *report, const struct emf_named_stack *s)
{
	char comm[64];

	emf_text(comm, sizeof(comm), s->comm, strnlen(s->comm, 16));
	for (char *c = comm; *c; c++)
		*c = *c == ';' ? ':' : *c;
	emf_print(report->m, "%s", comm);
	for (size_t i = 0; i < s->n; i++) {
		const char *name = emf_stack_names_get(&report->names, s->frames[i]);

		for (emf_print(report->m, ";"); *name; name++)
			emf_print(report->m, "%c", *name == ';' ? ':' : *name);
		if (i >= s->n_user)
			emf_print(report->m, "_[k]");
	}
	emf_print(report->m, " %" PRIu64 "\n", s->weight);
}

static void add_names(struct emf_line *line, const struct emf_stack_report *report, const struct emf_named_stack *s, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		const char *name = emf_stack_names_get(&report->names, s->frames[i]);

		emf_line_text(line, i == from ? "\"" : ",\"");
		emf_line_escaped(line, EMF_ESCAPE_JSON, name, strlen(name));
		emf_line_char(line, '"');
	}
}

static void print_json(const struct emf_stack_report *report, const struct emf_named_stack *s, const char *unit)
{
	static char text[LINE_MAX_BYTES];
	struct emf_line line = { .text = text, .size = sizeof(text) };

	emf_line_text(&line, "{\"module\":\"");
	emf_line_text(&line, report->m->name);
	emf_line_text(&line, "\",\"event\":\"stack\",\"args\":{\"pid\":");
	emf_line_u64(&line, s->pid);
	emf_line_text(&line, ",\"comm\":\"");
	emf_line_escaped(&line, EMF_ESCAPE_JSON, s->comm, strnlen(s->comm, 16));
	emf_line_text(&line, "\",\"user\":[");
	add_names(&line, report, s, 0, s->n_user);
	emf_line_text(&line, "],\"kernel\":[");
	add_names(&line, report, s, s->n_user, s->n);
	emf_line_text(&line, "],\"");
	emf_line_text(&line, unit);
	emf_line_text(&line, "\":");
	emf_line_u64(&line, s->weight);
	emf_line_text(&line, "}}\n");
	emf_output_write(report->m, line.text, line.at);
}

static int write_svg(const struct emf_stack_report *report, const char *unit, const char *path)
{
	char part[4096];
	int fd, err = 0;
	FILE *f;

	/* Beside it, so that nobody sees a half of it; a new file, so that nobody's link is followed. */
	if (snprintf(part, sizeof(part), "%s.%d.part", path, (int)getpid()) >= (int)sizeof(part))
		return -ENAMETOOLONG;
	fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	f = fd < 0 ? NULL : fdopen(fd, "w");
	if (!f) {
		err = -errno;
		if (fd >= 0)
			close(fd);
		return err;
	}
	err = emf_flame_write(report, report->m->name, unit, f);
	if (ferror(f))
		err = -EIO;
	if (fclose(f) && !err)
		err = -errno;
	if (!err && rename(part, path))
		err = -errno;
	if (err)
		unlink(part);
	return err;
}

static void free_report(struct emf_stack_report *report)
{
	while (report->n)
		free(report->all[--report->n].frames);
	free(report->all);
	emf_stack_names_fini(&report->names);
	free(report);
}

int emf_stack_report_end(struct emf_stack_report *report, enum emf_stack_form form, const char *unit, const char *path)
{
	int err = 0;

	merge(report);
	if (report->n)
		qsort(report->all, report->n, sizeof(*report->all), by_weight);
	if (form == EMF_STACK_SVG)
		err = write_svg(report, unit, path);
	if (err)
		emf_err(report->m, "the flame graph '%s' was not written: %s", path, strerror(-err));
	for (size_t i = 0; form != EMF_STACK_SVG && i < report->n; i++) {
		if (form == EMF_STACK_FOLDED)
			print_folded(report, &report->all[i]);
		else if (report->m->unit->emf->json)
			print_json(report, &report->all[i], unit);
		else
			print_text(report, &report->all[i]);
	}
	if (report->beyond)
		emf_warn(report->m, "%" PRIu64 " %s are not shown: there were more than %d different stacks", report->beyond, unit, EMF_STACKS_MAX);
	free_report(report);
	return err;
}
