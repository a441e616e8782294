// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * event_stacks.c - stacks that come in a record.
 */
#include "event_stacks.h"

#include <emf/symbol.h>
#include <inttypes.h>
#include <stdio.h>

#include "value.h"

#define JSON_END "}}\n" /* of the line of an event: sink.c */

const struct emf_event_stacks *emf_event_stacks_of(const struct module *m, const struct emf_record *record)
{
	const struct emf_event_source *e = m->events;

	while (e && e->ring && e->printed != record)
		e++;
	return e && e->ring ? e->stacks : NULL;
}

static uint64_t number_of(const struct emf_member *m, const void *data)
{
	struct emf_value_type type = emf_value_type_of(m);

	return emf_value_load(&type, (const char *)data + m->offset);
}

/* The kernel part says how many: no more than there are. */
static size_t count(const struct emf_member *addresses, const struct emf_member *bytes, const void *data)
{
	int64_t n = addresses ? (int64_t)number_of(bytes, data) / (int64_t)sizeof(uint64_t) : 0;

	return n < 0 ? 0 : (uint64_t)n < addresses->count ? (size_t)n : addresses ? addresses->count : 0;
}

static void add_name(struct emf_line *line, const struct emf_event_stacks *s, const struct emf_member *addresses, size_t i, const void *data, enum emf_escape how)
{
	char name[EMF_SYMBOL_MAX];
	uint64_t address;

	memcpy(&address, (const char *)data + addresses->offset + i * sizeof(address), sizeof(address));
	if (!s->has_names)
		snprintf(name, sizeof(name), "0x%" PRIx64, address);
	else if (addresses == s->kernel)
		emf_symbol_kernel(address, name);
	else
		emf_symbol_user((uint32_t)number_of(s->pid, data), address, name);
	emf_line_escaped(line, how, name, strlen(name));
}

void emf_event_stacks_text(struct emf_line *line, const struct emf_event_stacks *s, const void *data)
{
	size_t kernel = count(s->kernel, s->kernel_bytes, data), user = count(s->user, s->user_bytes, data);

	for (size_t i = 0; i < kernel + user; i++) {
		bool is_user = i >= kernel;

		if (i == kernel && kernel)
			emf_line_text(line, "    --\n");
		emf_line_text(line, "    ");
		add_name(line, s, is_user ? s->user : s->kernel, is_user ? i - kernel : i, data, EMF_ESCAPE_PLAIN);
		emf_line_char(line, '\n');
	}
}

static void add_list(struct emf_line *line, const struct emf_event_stacks *s, const struct emf_member *addresses, size_t n, const char *name, const void *data)
{
	if (line->at && line->text[line->at - 1] != '{')
		emf_line_char(line, ',');
	emf_line_text(line, "\"");
	emf_line_text(line, name);
	emf_line_text(line, "\":[");
	for (size_t i = n; i-- > 0;) {
		emf_line_text(line, i + 1 < n ? ",\"" : "\"");
		add_name(line, s, addresses, i, data, EMF_ESCAPE_JSON);
		emf_line_text(line, "\"");
	}
	emf_line_text(line, "]");
}

void emf_event_stacks_json(struct emf_line *line, const struct emf_event_stacks *s, const void *data)
{
	if (line->cut || line->at < strlen(JSON_END))
		return;
	line->at -= strlen(JSON_END);
	if (s->kernel)
		add_list(line, s, s->kernel, count(s->kernel, s->kernel_bytes, data), "kernel", data);
	if (s->user)
		add_list(line, s, s->user, count(s->user, s->user_bytes, data), "user", data);
	emf_line_text(line, JSON_END);
}
