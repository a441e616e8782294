/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * capture.h - messages of the bus as lines of JSON: what "monitor -j" prints, and what
 * "replay" reads.
 *
 * {"emf": 1, "at": ns since 1970, "time": monotonic ns, "kind": "call", "dir": "in",
 *  "from": {"pid", "name"}, "to": the same, or null, "service", "member", "serial",
 *  "size": bytes, "lost": messages so far, "args": object or null; of a fail "reason" and
 *  of a typed one "error"; of a lost "dropped"; "cannot": why it cannot be sent again}
 */
#ifndef EMF_CORE_CAPTURE_H
#define EMF_CORE_CAPTURE_H

#include <jansson.h>

#include <emf/bus.h>

#define EMF_CAPTURE_FORMAT 1
#define EMF_CAPTURE_LINE_MAX (4u << 20) /* bytes */
#define EMF_CAPTURE_FILE_MAX (64u << 20)
#define EMF_CAPTURE_OPEN_MAX 4096 /* calls that an answer is looked for among */

struct bus_message;

/* Why a call or a signal cannot be sent again. */
enum emf_capture_cannot {
	EMF_CAPTURE_CAN,
	EMF_CAPTURE_CUT,	 /* larger than a message's payload */
	EMF_CAPTURE_DESCRIPTORS, /* they are of another process */
	EMF_CAPTURE_UNREADABLE,	 /* of no description that is known, or refused by it */
	EMF_CAPTURE_TEXT,	 /* bytes that are no UTF-8 do not stand in JSON */
	EMF_CAPTURE_CANNOT_N,
};

/* As it is written, "cut"; and for people. */
const char *emf_capture_cannot_word(enum emf_capture_cannot cannot);
const char *emf_capture_cannot_text(enum emf_capture_cannot cannot);

/* "call", "reply", ...; NULL for what is none. */
const char *emf_capture_kind(unsigned int kind);

/**
 * emf_capture_record() - what a message carries
 * @message: checked, as bus.message brings it
 * @service: its description; NULL if it is not known
 * @record: receives the record's description
 *
 * Return: the record, to be freed; NULL if there is none, or it cannot be read.
 */
void *emf_capture_record(const struct bus_message *message, const struct ebus_service *service,
			 const struct emf_record **record);

/**
 * emf_capture_line() - a message as JSON
 * @message: checked
 * @service: its description; NULL if it is not known
 * @lost: messages that were not seen
 *
 * Return: a text without a line end, to be freed; NULL for ENOMEM.
 */
char *emf_capture_line(const struct bus_message *message, const struct ebus_service *service, uint64_t lost);

/**
 * struct emf_captured - a call or a signal of a file
 * @line: in the file
 * @time: monotonic, in nanoseconds
 * @is_signal: and no call
 * @cannot: be sent again
 * @service: name
 * @member: name
 * @args: object; NULL if it cannot be sent
 * @was: the answer: "ok", or the name of an error; "" if there was none
 * @pid: who called
 * @serial: of the call
 * @older: calls before it that have no answer yet; while the file is read
 */
struct emf_captured {
	unsigned int line;
	uint64_t time;
	bool is_signal;
	enum emf_capture_cannot cannot;
	char service[64], member[64];
	json_t *args;
	char was[64];
	uint64_t pid, serial;
	struct emf_captured *older;
};

struct emf_capture {
	struct emf_captured **all;
	size_t n, room;
	struct emf_captured *open;
};

/* Whether "service.member" matches, as fnmatch(3) has it. */
bool emf_capture_matches(const char *pattern, const char *service, const char *member);

/**
 * emf_capture_read() - calls and signals of a file; it is not trusted
 * @capture: zero; receives them; free with emf_capture_free(), also after an error
 * @path: of the file
 *
 * Return: 0; or a negative errno, which was reported with file and line.
 */
int emf_capture_read(struct emf_capture *capture, const char *path);
void emf_capture_free(struct emf_capture *capture);

#endif
