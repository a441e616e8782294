// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * event.c - events: a line for each record.
 */
#include "event.h"

#include <stdio.h>
#include <string.h>

#include <emf/bus.h>
#include <emf/log.h>
#include <emf/metric.h>
#include <emf/output.h>
#include <emf/ring.h>

#include "core.h"
#include "event_file.h"
#include "event_stacks.h"
#include "module.h"
#include "output.h"
#include "record.h"
#include "ring.h"
#include "sink.h"
#include "value.h"

#define EMF_EVENT_RECORD_MAX 65536 /* of a record with a tail: MAX_BYTES, gen/emfgenlib/infer_record.py */

int emf_event_open(struct emf_unit *unit)
{
	for (const struct emf_event_source *e = unit->m->events; e && e->ring; e++) {
		int err = e->types ? emf_ring_open_event(unit->m, e) : e->record ? emf_ring_open(unit->m, e->ring, e->record) : 0;

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

/* Of one line: an event of the largest size, each byte of which is escaped. */
static char line_text[1 << 20];

static void write_line(const struct module *m, const struct emf_line *line)
{
	emf_output_write(m, line->text, line->at);
}

/* A row below the heading; the heading again when it has left the screen, or the screen has another width. */
static void add_row(struct emf_line *line, struct emf_show *show, struct emf_shown *shown, const void *data)
{
	unsigned int rows = show->terminal.rows;
	bool again = rows > 2 && shown->printed && shown->printed % (rows - 2) == 0;

	if (shown->fitted != show->terminal.columns) {
		emf_sink_fit(show, shown);
		again = true;
	}
	if (again)
		emf_sink_table_heading(line, show, shown);
	emf_sink_table(line, show, shown, data);
}

void emf_event_print_heading(struct emf_unit *unit)
{
	struct emf_line line = { .text = line_text, .size = sizeof(line_text) };
	struct emf_show *show = &unit->emf->show;
	struct emf_shown *shown = emf_show_know(unit) ? NULL : emf_show_only(unit);

	if (!shown || show->capture || show->form == EMF_FORM_JSON || !emf_output_is_on(unit->m))
		return;
	emf_sink_fit(show, shown);
	if (show->form == EMF_FORM_CSV)
		emf_sink_csv_heading(&line, show, shown);
	else
		emf_sink_table_heading(&line, show, shown);
	write_line(unit->m, &line);
}

static void count(struct emf *emf, struct emf_shown *shown)
{
	shown->printed++;
	if (!emf->show.left || --emf->show.left)
		return;
	emf->show.is_over = true;
	emf->quit.asked = true;
}

/* Of a type that the module did not declare, since it prints by itself; the first one is all there is, mostly. */
static void declare(struct emf_unit *unit, struct emf_shown *shown)
{
	if (shown->is_declared || unit->shown.n > 1)
		return;
	shown->is_declared = true;
	emf_event_print_heading(unit);
}

/* A row of CSV has a cell for each column, and none for these. */
static void add_stacks(struct emf_line *line, const struct module *m, const struct emf_record *record, const void *data)
{
	const struct emf_event_stacks *stacks = emf_event_stacks_of(m, record);
	enum emf_form form = m->unit->emf->show.form;
	static bool is_told;

	if (stacks && form == EMF_FORM_JSON)
		emf_event_stacks_json(line, stacks, data);
	else if (stacks && form == EMF_FORM_CSV && !is_told)
		emf_warn(m, "stacks of '%s' are not in comma-separated values: --json has them", record->name);
	else if (stacks && form == EMF_FORM_TABLE)
		emf_event_stacks_text(line, stacks, data);
	is_told |= stacks && form == EMF_FORM_CSV;
}

void emf_event_print(const struct module *m, const struct emf_record *record, const void *data)
{
	struct emf_line line = { .text = line_text, .size = sizeof(line_text) };
	struct emf_show *show = &m->unit->emf->show;
	struct emf_shown *shown = emf_output_is_on(m) && !show->is_over ? emf_show_find(m->unit, record) : NULL;

	if (!shown || !emf_shown_matches(shown, data))
		return;
	if (show->capture) {
		if (emf_event_file_write(shown, data))
			count(m->unit->emf, shown);
		return;
	}
	declare(m->unit, shown);
	if (show->form == EMF_FORM_JSON)
		emf_sink_json(&line, show, shown, m, data);
	else if (show->form == EMF_FORM_CSV)
		emf_sink_csv(&line, show, shown, data);
	else if (emf_show_only(m->unit))
		add_row(&line, show, shown, data);
	else
		emf_sink_words(&line, show, shown, m, data);
	add_stacks(&line, m, record, data);
	if (!line.cut) {
		write_line(m, &line);
		count(m->unit->emf, shown);
	} else if (!m->unit->malformed++) {
		emf_err(m, "an event '%s' is longer than %zu bytes as text, and was not printed: choose members by --columns", record->name,
			sizeof(line_text));
	}
}

static void tell_short(const struct module *m, const char *event, size_t size_bytes, size_t needed_bytes)
{
	char needed[48] = "";

	if (m->unit->malformed++)
		return;
	if (needed_bytes)
		snprintf(needed, sizeof(needed), " of at least %zu", needed_bytes);
	emf_err(m, "a record of event '%s' has %zu bytes%s, which is too few: kernel part and user part are of different versions, or the type is another one",
		event, size_bytes, needed);
}

void emf_event_malformed(const struct module *m, const char *event, size_t size_bytes)
{
	const struct emf_event_source *e = m->events;

	while (e && e->ring && (!e->printed || strcmp(e->printed->name, event) != 0))
		e++;
	tell_short(m, event, size_bytes, e && e->ring ? e->printed->fixed : 0);
}

/*
 * The loop is one thread and nothing delivers from a delivery, so there is one such place.
 * What a record was before stays behind what this one has; no member lies there, and it is not sent.
 */
static unsigned char whole[EMF_EVENT_RECORD_MAX] __attribute__((aligned(16)));

/* A record whose last text was cut: where all of it is sent on, what is missing is zero. */
static const void *with_text(const struct emf_record *record, const void *data, size_t size_bytes)
{
	size_t came = size_bytes < record->size ? size_bytes : record->size;

	memcpy(whole, data, came);
	memset(whole + came, 0, record->size - came);
	return whole;
}

/* A record whose last array is as long as it came, laid out as the language has it: the number of elements is before them. */
static const void *with_tail(const struct emf_event_type *type, const void *data, size_t size_bytes)
{
	const struct emf_member *last = &type->record->members[type->record->n - 1];
	const char *elements = (const char *)data + type->tail;
	size_t came = (size_bytes - type->tail) / last->size;
	uint32_t n = (uint32_t)(came < type->tail_max ? came : type->tail_max);

	if (last->type == EMF_CHAR)
		n = (uint32_t)strnlen(elements, n);
	memcpy(whole, data, type->tail);
	memset(whole + type->tail, 0, last->offset - type->tail);
	memcpy(whole + last->len_offset, &n, sizeof(n));
	memcpy(whole + last->offset, elements, (size_t)n * last->size);
	return whole;
}

/*
 * The kernel chooses what is in it: an enum may have a value without a name, a text no end.
 * Such a record would be refused by who hears it.
 */
void emf_event_tell(const struct module *m, struct ebus_service *service, unsigned int signal, const void *data)
{
	static unsigned char loaded[EMF_EVENT_RECORD_MAX] __attribute__((aligned(16)));
	const struct emf_record *record;

	if (!service->subscriptions[signal])
		return;
	record = service->signals[signal].in.record;
	if (!emf_record_load(record, data, emf_record_wire_size(record, data), false, loaded))
		ebus_emit(service, signal, loaded);
	else if (!m->unit->malformed++)
		emf_err(m, "an event '%s' has a value that its type does not allow, as an enum without a name for it: the signal was not sent",
			record->name);
}

/* Which of several types a record has; NULL, told and counted, for none. */
static const struct emf_event_type *type_of(const struct module *m, const struct emf_event_source *event, const void *data, size_t size_bytes)
{
	struct emf_value_type id = emf_value_type_of(&event->types[0].record->members[0]);
	uint64_t mask = UINT64_MAX >> (64 - 8 * emf_value_size(&id));

	if (size_bytes < emf_value_size(&id)) {
		tell_short(m, event->ring, size_bytes, emf_value_size(&id));
		return NULL;
	}
	for (const struct emf_event_type *type = event->types; type < event->types + event->n_types; type++)
		if ((type->id & mask) == (emf_value_load(&id, data) & mask))
			return type;
	if (!m->unit->malformed++)
		emf_err(m, "a record of '%s' begins with %lld, and no EMF_EVENT() has that value", event->ring, (long long)emf_value_load(&id, data));
	return NULL;
}

/* Of a description: whether the array at its end is as long as it says. */
static bool has_tail(const struct emf_record *record, const void *data, size_t size_bytes)
{
	const struct emf_member *last = &record->members[record->n - 1];
	uint32_t n;

	memcpy(&n, (const char *)data + last->len_offset, sizeof(n));
	return n <= last->count && size_bytes - record->fixed >= (size_t)n * last->size;
}

void emf_event_deliver(struct module *m, const struct emf_event_source *event, const void *data, size_t size_bytes)
{
	const struct emf_event_type *type = event->n_types > 1 ? type_of(m, event, data, size_bytes) : event->types;
	const struct emf_record *record = type ? type->record : NULL;
	size_t least;
	bool is_cut;

	if (!type)
		return;
	is_cut = record->fixed < record->size;
	least = type->tail_max ? type->tail : record->fixed;
	if (size_bytes < least || (is_cut && record->size > EMF_EVENT_RECORD_MAX) || (event->is_described && is_cut && !has_tail(record, data, size_bytes))) {
		tell_short(m, event->is_described ? record->name : event->ring, size_bytes, least);
		return;
	}
	if (type->tail_max)
		data = with_tail(type, data, size_bytes);
	else if (is_cut && !event->is_described)
		data = with_text(record, data, size_bytes);
	for (size_t i = 0; i < type->n_metrics; i++)
		emf_metric_count(m, type->metrics[i], data);
	emf_event_print(m, record, data);
	if (type->is_sent_unseen)
		ebus_emit(type->service, type->signal, data);
	else if (type->service)
		emf_event_tell(m, type->service, type->signal, data);
}
