// SPDX-License-Identifier: BSD-2-Clause
/*
 * event.c - described events: a line for each record.
 */
#include "event.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <emf/bus.h>
#include <emf/log.h>
#include <emf/output.h>
#include <emf/ring.h>

#include "core.h"
#include "json.h"
#include "module.h"
#include "output.h"
#include "record_json.h"
#include "value.h"

#define LINE_MAX_BYTES 4096
#define EMF_EVENT_RECORD_MAX 65536 /* of a record with a tail: MAX_BYTES, gen/emfgenlib/infer_record.py */
#define DEPTH_MAX 8 /* of structs in structs; deeper ones are shown as {...} */

struct line {
	char text[LINE_MAX_BYTES];
	size_t at;
};

int emf_event_open(struct emf_unit *unit)
{
	for (const struct emf_event_source *e = unit->m->events; e && e->ring; e++) {
		int err = e->record ? emf_ring_open(unit->m, e->ring, e->record) : 0;

		if (e->overflow)
			e->service->policies[e->signal] = e->overflow;
		if (!err)
			continue;
		snprintf(unit->why, sizeof(unit->why), "the ring '%s' of an event cannot be opened: %s", e->ring,
			 strerror(-err));
		return err;
	}
	return 0;
}

/* The only event that is printed, or NULL when there are none or several. */
static const struct emf_record *only_printed(const struct module *m)
{
	const struct emf_record *only = NULL;

	for (const struct emf_event_source *e = m->events; e && e->ring; e++) {
		if (e->printed && only)
			return NULL;
		if (e->printed)
			only = e->printed;
	}
	return only;
}

/* Negative for text, which is flush left. */
static int width_of(const struct emf_member *member)
{
	int name = (int)strlen(member->name), width;

	if (member->count > 1)
		return -name;
	switch (member->type) {
	case EMF_IP6:
		width = -39;
		break;
	case EMF_IP4:
		width = -15;
		break;
	case EMF_MAC:
		width = -17;
		break;
	case EMF_COMM:
	case EMF_STRING:
	case EMF_ENUM:
	case EMF_FLAGS:
	case EMF_ERRNO:
	case EMF_SIGNO:
	case EMF_NETDEV:
	case EMF_BOOL:
		width = -(member->type == EMF_BOOL ? 5 : 16);
		break;
	case EMF_NS:
		width = -12;
		break;
	case EMF_WALL:
		width = -30;
		break;
	case EMF_STRUCT:
		width = -1;
		break;
	case EMF_KSYM:
	case EMF_HEX:
		width = -18;
		break;
	default:
		width = 7;
	}
	if (width < 0)
		return -width < name ? -name : width;
	return width < name ? name : width;
}

static void add(struct line *line, const char *text)
{
	size_t left = sizeof(line->text) - line->at;
	int n = snprintf(line->text + line->at, left, "%s", text);

	line->at += (size_t)n < left ? (size_t)n : left - 1;
}

static void add_record(struct line *line, const struct emf_record *record, const unsigned char *data, int depth);

static void add_element(struct line *line, const struct emf_member *member, const unsigned char *data, int depth)
{
	struct emf_value_type type = emf_value_type_of(member);
	char text[EMF_VALUE_TEXT_MAX];

	if (member->type != EMF_STRUCT) {
		add(line, emf_value_format(&type, data, text));
	} else if (depth == DEPTH_MAX) {
		add(line, "{...}");
	} else {
		add(line, "{");
		add_record(line, member->record, data, depth + 1);
		add(line, "}");
	}
}

static void add_value(struct line *line, const struct emf_member *member, const unsigned char *data, int depth)
{
	uint32_t n = member->count;

	if (member->bounded) {
		memcpy(&n, data + member->len_offset, sizeof(n));
		n = n < member->count ? n : member->count;
	}
	/* An array of characters is a text, up to its end or a NUL. */
	if (member->type == EMF_CHAR && (member->count > 1 || member->bounded)) {
		char text[EMF_VALUE_TEXT_MAX];

		add(line, emf_text(text, sizeof(text), data + member->offset, strnlen((const char *)data + member->offset, n)));
		return;
	}
	if (member->count == 1 && !member->bounded) {
		add_element(line, member, data + member->offset, depth);
		return;
	}
	add(line, "[");
	for (uint32_t i = 0; i < n && line->at < sizeof(line->text) - 1; i++) {
		if (i)
			add(line, ",");
		add_element(line, member, data + member->offset + (size_t)i * member->size, depth);
	}
	add(line, "]");
}

static void add_record(struct line *line, const struct emf_record *record, const unsigned char *data, int depth)
{
	for (size_t i = 0; i < record->n; i++) {
		if (i)
			add(line, " ");
		add(line, record->members[i].name);
		add(line, "=");
		add_value(line, &record->members[i], data, depth);
	}
}

static void add_blanks(struct line *line, int n)
{
	for (; n > 0; n--)
		add(line, " ");
}

/* The whole text, though it be wider than its column; a blank before the next one. */
static void add_cell(struct line *line, const char *text, int width, bool last)
{
	int length = (int)strlen(text);

	add_blanks(line, width - length);
	add(line, text);
	if (!last)
		add_blanks(line, width < 0 && -width > length ? -width - length + 1 : 1);
}

void emf_event_print_heading(const struct emf_unit *unit)
{
	const struct emf_record *record = only_printed(unit->m);
	struct line line = { .at = 0 };

	if (!record || unit->emf->json || !emf_output_is_on(unit->m))
		return;
	for (size_t i = 0; i < record->n; i++) {
		char name[64] = "";

		for (size_t c = 0; record->members[i].name[c] && c < sizeof(name) - 1; c++)
			name[c] = (char)toupper((unsigned char)record->members[i].name[c]);
		add_cell(&line, name, width_of(&record->members[i]), i + 1 == record->n);
	}
	emf_print(unit->m, "%s\n", line.text);
}

static void print_json(const struct module *m, const struct emf_record *record, const void *data)
{
	json_t *json = json_pack("{s:s, s:s, s:o}", "module", m->name, "event", record->name, "args", emf_record_to_json(record, data));
	char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;

	if (text)
		emf_print(m, "%s\n", text);
	else if (!m->unit->malformed++)
		emf_err(m, "a record of event '%s' could not be printed: out of memory", record->name);
	free(text);
	json_decref(json);
}

void emf_event_print(const struct module *m, const struct emf_record *record, const void *data)
{
	struct line line;

	if (!emf_output_is_on(m))
		return;
	if (m->unit->emf->json) {
		print_json(m, record, data);
		return;
	}
	line.at = 0;
	line.text[0] = '\0';
	if (only_printed(m) != record) {
		add(&line, record->name);
		add(&line, " ");
		add_record(&line, record, data, 0);
		emf_print(m, "%s\n", line.text);
		return;
	}
	for (size_t i = 0; i < record->n; i++) {
		struct line value;

		value.at = 0;
		value.text[0] = '\0';
		add_value(&value, &record->members[i], data, 0);
		add_cell(&line, value.text, width_of(&record->members[i]), i + 1 == record->n);
	}
	emf_print(m, "%s\n", line.text);
}

void emf_event_malformed(const struct module *m, const char *event, size_t size_bytes)
{
	if (!m->unit->malformed++)
		emf_err(m, "a record of event '%s' has %zu bytes, which is too few: kernel part and user part are of different versions",
			event, size_bytes);
}

/*
 * A record whose last array is as long as it came, laid out as @record has it: missing bytes
 * are zero, and the number of elements stands where a bounded array has it. The loop is one
 * thread and nothing delivers from a delivery, so there is one such place.
 */
static const void *with_tail(const struct emf_record *record, const void *data, size_t size_bytes)
{
	static unsigned char whole[EMF_EVENT_RECORD_MAX] __attribute__((aligned(16)));
	const struct emf_member *last = &record->members[record->n - 1];
	size_t end = last->bounded ? last->len_offset : record->size;
	size_t came = size_bytes < end ? size_bytes : end;
	uint32_t n = (uint32_t)((came - last->offset) / last->size);

	memcpy(whole, data, came);
	if (!last->bounded)
		memset(whole + came, 0, end - came);
	else
		n = n < last->count ? n : last->count;
	if (last->bounded && last->type == EMF_CHAR)
		n = (uint32_t)strnlen((const char *)whole + last->offset, n);
	if (last->bounded)
		memcpy(whole + last->len_offset, &n, sizeof(n));
	return whole;
}

void emf_event_deliver(struct module *m, const char *ring, const struct emf_event_type *types, size_t n, const void *data,
		       size_t size_bytes)
{
	const struct emf_event_type *type = types;
	const struct emf_record *record;

	if (n > 1) {
		struct emf_value_type id = emf_value_type_of(&types[0].record->members[0]);
		uint64_t mask = UINT64_MAX >> (64 - 8 * emf_value_size(&id));

		if (size_bytes < emf_value_size(&id)) {
			emf_event_malformed(m, ring, size_bytes);
			return;
		}
		while (type < types + n && (type->id & mask) != (emf_value_load(&id, data) & mask))
			type++;
		if (type == types + n) {
			if (!m->unit->malformed++)
				emf_err(m, "a record of '%s' begins with %lld, and no EMF_EVENT() has that value", ring,
					(long long)emf_value_load(&id, data));
			return;
		}
	}
	record = type->record;
	if (size_bytes < record->fixed || (record->fixed < record->size && record->size > EMF_EVENT_RECORD_MAX)) {
		emf_event_malformed(m, ring, size_bytes);
		return;
	}
	if (record->fixed < record->size)
		data = with_tail(record, data, size_bytes);
	emf_event_print(m, record, data);
}
