// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * stack_print.c - stacks as text, folded, as JSON, and as comma-separated values.
 */
#include <inttypes.h>
#include <string.h>

#include <emf/output.h>

#include "clock.h"
#include "core.h"
#include "output.h"
#include "stack_report.h"

#define LINE_MAX_BYTES (1 << 18) /* names of both sides, each byte of which is escaped in JSON */

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

/* Functions of one side, the outermost first; JSON has a list, and a cell of CSV one text. */
static void add_names(struct emf_line *line, const struct emf_stack_report *report, const struct emf_named_stack *s, size_t from, size_t to, bool is_json)
{
	enum emf_escape escape = is_json ? EMF_ESCAPE_JSON : EMF_ESCAPE_CSV;

	emf_line_text(line, is_json ? "[" : "\"");
	for (size_t i = from; i < to; i++) {
		const char *name = emf_stack_names_get(&report->names, s->frames[i]);

		if (i > from)
			emf_line_char(line, is_json ? ',' : ';');
		emf_line_text(line, is_json ? "\"" : "");
		emf_line_escaped(line, escape, name, strlen(name));
		emf_line_text(line, is_json ? "\"" : "");
	}
	emf_line_text(line, is_json ? "]" : "\"");
}

static void add_value(struct emf_line *line, const struct emf_stack_report *report, const struct emf_named_stack *s, const char *column, bool is_json)
{
	if (!strcmp(column, "pid")) {
		emf_line_u64(line, s->pid);
	} else if (!strcmp(column, "comm")) {
		emf_line_char(line, '"');
		emf_line_escaped(line, is_json ? EMF_ESCAPE_JSON : EMF_ESCAPE_CSV, s->comm, strnlen(s->comm, sizeof(s->comm)));
		emf_line_char(line, '"');
	} else if (!strcmp(column, "user")) {
		add_names(line, report, s, 0, s->n_user, is_json);
	} else if (!strcmp(column, "kernel")) {
		add_names(line, report, s, s->n_user, s->n, is_json);
	} else {
		emf_line_u64(line, s->weight);
	}
}

static void print_json(struct emf_line *line, const struct emf_stack_report *report, const struct emf_named_stack *s, const struct emf_shown *shown,
		       uint64_t now_ns)
{
	emf_line_text(line, "{\"module\":\"");
	emf_line_text(line, report->m->name);
	emf_line_text(line, "\",\"event\":\"stack\"");
	if (now_ns) {
		emf_line_text(line, ",\"time\":\"");
		emf_clock_add_rfc3339(line, emf_clock_wall(now_ns));
		emf_line_char(line, '"');
	}
	emf_line_text(line, ",\"args\":{");
	for (size_t i = 0; i < shown->n; i++) {
		emf_line_text(line, i ? ",\"" : "\"");
		emf_line_text(line, shown->columns[i].name);
		emf_line_text(line, "\":");
		add_value(line, report, s, shown->columns[i].name, true);
	}
	emf_line_text(line, "}}\n");
}

static void print_csv(struct emf_line *line, const struct emf_stack_report *report, const struct emf_named_stack *s, const struct emf_shown *shown,
		      uint64_t now_ns)
{
	if (now_ns) {
		emf_clock_add_rfc3339(line, emf_clock_wall(now_ns));
		emf_line_char(line, ',');
	}
	for (size_t i = 0; i < shown->n; i++) {
		if (i)
			emf_line_char(line, ',');
		add_value(line, report, s, shown->columns[i].name, false);
	}
	emf_line_char(line, '\n');
}

void emf_stack_report_print(const struct emf_stack_report *report, enum emf_stack_form form, const struct emf_shown *shown, uint64_t now_ns)
{
	static char text[LINE_MAX_BYTES];

	for (size_t i = 0; i < report->n; i++) {
		struct emf_line line = { .text = text, .size = sizeof(text) };

		if (form == EMF_STACK_FOLDED)
			print_folded(report, &report->all[i]);
		else if (form == EMF_STACK_TEXT)
			print_text(report, &report->all[i]);
		else if (form == EMF_STACK_JSON)
			print_json(&line, report, &report->all[i], shown, now_ns);
		else
			print_csv(&line, report, &report->all[i], shown, now_ns);
		emf_output_write(report->m, line.text, line.at);
	}
}
