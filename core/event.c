// SPDX-License-Identifier: BSD-2-Clause
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
#include "module.h"
#include "output.h"
#include "record.h"
#include "sink.h"
#include "value.h"

#define EMF_EVENT_RECORD_MAX 65536 /* of a record with a tail: MAX_BYTES, gen/emfgenlib/infer_record.py */

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

/* Of one line: an event of the largest size, each byte of which is escaped. */
static char line_text[1 << 20];

static void write_line(const struct module *m, const struct emf_line *line)
{
	emf_output_write(m, line->text, line->at);
}

/* A row below the heading; the heading again when it has left the screen. */
static void add_row(struct emf_line *line, struct emf_show *show, struct emf_shown *shown, const void *data)
{
	unsigned int rows = show->terminal.rows;

	if (shown->fitted != show->terminal.columns)
		emf_sink_fit(show, shown);
	if (rows > 2 && shown->printed && shown->printed % (rows - 2) == 0)
		emf_sink_table_heading(line, show, shown);
	emf_sink_table(line, show, shown, data);
}

void emf_event_print_heading(struct emf_unit *unit)
{
	struct emf_line line = { .text = line_text, .size = sizeof(line_text) };
	struct emf_show *show = &unit->emf->show;
	struct emf_shown *shown = emf_show_know(unit) ? NULL : emf_show_only(unit);

	if (!shown || show->form == EMF_FORM_JSON || !emf_output_is_on(unit->m))
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

void emf_event_print(const struct module *m, const struct emf_record *record, const void *data)
{
	struct emf_line line = { .text = line_text, .size = sizeof(line_text) };
	struct emf_show *show = &m->unit->emf->show;
	struct emf_shown *shown = emf_output_is_on(m) && !show->is_over ? emf_show_find(m->unit, record) : NULL;

	if (!shown || shown->is_off || !emf_shown_matches(shown, data))
		return;
	declare(m->unit, shown);
	if (show->form == EMF_FORM_JSON)
		emf_sink_json(&line, show, shown, m, data);
	else if (show->form == EMF_FORM_CSV)
		emf_sink_csv(&line, show, shown, data);
	else if (emf_show_only(m->unit))
		add_row(&line, show, shown, data);
	else
		emf_sink_words(&line, show, shown, data);
	if (!line.cut) {
		write_line(m, &line);
		count(m->unit->emf, shown);
	} else if (!m->unit->malformed++) {
		emf_err(m, "an event '%s' is longer than %zu bytes as text, and was not printed: choose members by --columns", record->name,
			sizeof(line_text));
	}
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

/*
 * Nobody described it: an enum may have a value without a name, a text no end. Such a
 * record would be refused by who hears it.
 */
static void tell(struct module *m, const struct emf_event_type *type, const void *data)
{
	static unsigned char loaded[EMF_EVENT_RECORD_MAX] __attribute__((aligned(16)));
	const struct emf_record *record;

	if (!type->service || !type->service->subscriptions[type->signal])
		return;
	record = type->service->signals[type->signal].in.record;
	if (!emf_record_load(record, data, record->size, false, loaded))
		ebus_emit(type->service, type->signal, loaded);
	else if (!m->unit->malformed++)
		emf_err(m, "an event '%s' has a value that its type does not allow, as an enum without a name for it: the signal was not sent",
			record->name);
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
	if (type->metric >= 0)
		emf_metric_count(m, (unsigned int)type->metric, data);
	emf_event_print(m, record, data);
	tell(m, type, data);
}
