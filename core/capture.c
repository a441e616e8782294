// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * capture.c - messages of the bus written as lines of JSON.
 */
#include "capture.h"

#include <fnmatch.h>
#include <stdlib.h>

#include <emf/output.h>

#include "bus_wire.h"
#include "emf_emf.h"
#include "record.h"
#include "record_json.h"
#include "schema.h"

#define NAME_MAX_BYTES 130 /* "service.member" */

bool emf_capture_matches(const char *pattern, const char *service, const char *member)
{
	char name[NAME_MAX_BYTES];

	snprintf(name, sizeof(name), "%s.%s", service, member);
	return !fnmatch(pattern, name, 0);
}

const char *emf_capture_cannot_word(enum emf_capture_cannot cannot)
{
	static const char *const words[EMF_CAPTURE_CANNOT_N] = { "", "cut", "descriptors", "unreadable", "text" };

	return words[cannot];
}

const char *emf_capture_cannot_text(enum emf_capture_cannot cannot)
{
	static const char *const texts[EMF_CAPTURE_CANNOT_N] = {
		"", "larger than what is captured", "with file descriptors", "that could not be read", "with bytes that are no text",
	};

	return texts[cannot];
}

const char *emf_capture_kind(unsigned int kind)
{
	static const char *const kinds[] = {
		[EBUS_CALL] = "call", [EBUS_REPLY] = "reply", [EBUS_FAIL] = "fail", [EBUS_CANCEL] = "cancel",
		[EBUS_SUBSCRIBE] = "subscribe", [EBUS_UNSUBSCRIBE] = "unsubscribe", [EBUS_SIGNAL] = "signal",
		[EBUS_LOST] = "lost", [EBUS_OFFER] = "offer",
	};

	return kind < sizeof(kinds) / sizeof(*kinds) ? kinds[kind] : NULL;
}

/* NULL if nothing is known of it, or there is nothing. */
static const struct emf_record *record_of(const struct bus_message *m, const struct ebus_service *s)
{
	const struct ebus_member *member = NULL;

	if (s && (m->kind == EBUS_CALL || m->kind == EBUS_REPLY))
		member = emf_schema_member(s->methods, s->n_methods, m->member);
	else if (s && m->kind == EBUS_SIGNAL)
		member = emf_schema_member(s->signals, s->n_signals, m->member);
	else if (s && m->kind == EBUS_FAIL && m->error[0])
		member = emf_schema_member(s->errors, s->n_errors, m->error);
	if (!member)
		return NULL;
	return m->kind == EBUS_REPLY ? member->out.record : member->in.record;
}

void *emf_capture_record(const struct bus_message *m, const struct ebus_service *service, const struct emf_record **record)
{
	void *data;

	*record = m->is_cut ? NULL : record_of(m, service);
	data = *record ? malloc((*record)->size) : NULL;
	/* A caller of an older minor version says less. */
	if (data && emf_record_load(*record, m->payload, m->payload_len, false, data) &&
	    emf_record_load(*record, m->payload, m->payload_len, true, data)) {
		free(data);
		return NULL;
	}
	return data;
}

/* Whether JSON says all of it; what is not text is \xHH there, and would come back as these letters. */
static bool is_whole(const struct emf_record *record, const void *data, const json_t *args)
{
	char why[EMF_RECORD_WHY_MAX], *text, *again = malloc(record->size);
	size_t size = emf_record_wire_size(record, data);
	bool whole = again && !emf_record_from_json(record, args, again, why);

	if (whole && (emf_record_wire_size(record, again) != size || memcmp(again, data, size))) {
		/* What a sender leaves behind the end of a text is no difference. */
		text = json_dumps(args, JSON_COMPACT);
		whole = text && !strstr(text, "\\\\x");
		free(text);
	}
	free(again);
	return whole;
}

static enum emf_capture_cannot cannot(const struct bus_message *m, const struct ebus_service *s,
				      const struct emf_record *record, const void *data, const json_t *args)
{
	if (m->is_cut)
		return EMF_CAPTURE_CUT;
	if (record && emf_record_has_fds(record))
		return EMF_CAPTURE_DESCRIPTORS;
	if (!s || !m->member[0] || (record ? !data : m->payload_len != 0))
		return EMF_CAPTURE_UNREADABLE;
	return record && !is_whole(record, data, args) ? EMF_CAPTURE_TEXT : EMF_CAPTURE_CAN;
}

static json_t *end_of(const char *name, uint32_t pid)
{
	return json_pack("{s:I, s:s}", "pid", (json_int_t)pid, "name", name);
}

static json_t *head_of(const struct bus_message *m, uint64_t lost)
{
	return json_pack("{s:i, s:I, s:I, s:s, s:s, s:o, s:o, s:s, s:s, s:I, s:I, s:I}", "emf", EMF_CAPTURE_FORMAT, "at",
			 (json_int_t)m->at, "time", (json_int_t)m->time, "kind", emf_capture_kind(m->kind), "dir",
			 m->is_sent ? "out" : "in", "from", end_of(m->from, m->from_pid), "to",
			 m->to_pid ? end_of(m->to, m->to_pid) : json_null(), "service", m->service, "member", m->member, "serial",
			 (json_int_t)m->serial, "size", (json_int_t)m->size, "lost", (json_int_t)lost);
}

static char *dump(json_t *line, const char *cannot)
{
	char *text;

	if (*cannot)
		json_object_set_new(line, "cannot", json_string(cannot));
	text = json_dumps(line, JSON_COMPACT);
	if (!text || strlen(text) < EMF_CAPTURE_LINE_MAX)
		return text;
	/* Long names of many small members: it would not be read again. */
	free(text);
	json_object_set_new(line, "args", json_null());
	json_object_set_new(line, "cannot", json_string(emf_capture_cannot_word(EMF_CAPTURE_CUT)));
	return json_dumps(line, JSON_COMPACT);
}

char *emf_capture_line(const struct bus_message *m, const struct ebus_service *service, uint64_t lost)
{
	const struct emf_record *record;
	void *data = emf_capture_record(m, service, &record);
	bool carries = (m->kind <= EBUS_FAIL || m->kind == EBUS_SIGNAL) && (data || (!m->size && service && m->member[0]));
	json_t *args = carries ? emf_record_to_json(data ? record : NULL, data) : json_null();
	json_t *line = head_of(m, lost);
	const char *why = "";
	char *text = NULL;

	if (m->kind == EBUS_CALL || m->kind == EBUS_SIGNAL)
		why = emf_capture_cannot_word(cannot(m, service, m->is_cut ? record_of(m, service) : record, data, args));
	if (line && args) {
		json_object_set(line, "args", args);
		if (m->kind == EBUS_FAIL)
			json_object_set_new(line, "reason", json_string(emf_errno_name(m->reason)));
		if (m->kind == EBUS_FAIL && m->error[0])
			json_object_set_new(line, "error", json_string(m->error));
		if (m->kind == EBUS_LOST)
			json_object_set_new(line, "dropped", json_integer((json_int_t)m->dropped));
		text = dump(line, why);
	}
	json_decref(args);
	json_decref(line);
	free(data);
	return text;
}
