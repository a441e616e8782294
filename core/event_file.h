/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * event_file.h - events in a file, as they came: "run --capture" writes it, "read" prints it.
 *
 * A head, then for each module its types of events as schema.h has services, whose signals they are, then
 * records, then a head of a record that says how many there were. Numbers are those of the machine that wrote it.
 */
#ifndef EMF_CORE_EVENT_FILE_H
#define EMF_CORE_EVENT_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "schema_read.h"

#define EMF_EVENT_FILE_MAGIC "EMFEVENT" /* without its NUL */
#define EMF_EVENT_FILE_FORMAT 2
#define EMF_EVENT_FILE_MAX (UINT64_C(1) << 30) /* bytes; what comes then is counted and not written */
#define EMF_EVENT_FILE_MODULES_MAX 64
#define EMF_EVENT_FILE_SCHEMA_MAX (1u << 20) /* bytes of one */
#define EMF_EVENT_FILE_END 0xffff	     /* instead of a module */
#define EMF_EVENT_FILE_WHY_MAX 256

struct emf;
struct emf_loop;
struct emf_shown;

/* Where numbers mean what they meant: kernel functions, cgroups and interfaces have others after each boot. */
struct emf_event_file_origin {
	char boot[40]; /* its id; empty if the system does not tell */
	char host[64];
};

struct emf_event_file_head {
	char magic[8];
	uint32_t format;
	uint32_t modules;
	uint64_t wall; /* nanoseconds since 1970 when the monotonic clock began */
	struct emf_event_file_origin origin;
};

/* Before each record; of the end @size is 0, @time how many records there are, and @type 1 if more were lost. */
struct emf_event_file_record {
	uint32_t size; /* in bytes, of what follows */
	uint16_t module;
	uint16_t type;
	uint64_t time; /* monotonic, when it was written */
};

/* Of this machine, since it was started. */
void emf_event_file_here(struct emf_event_file_origin *here);

/* The events to be written are from there, and not from here. Before emf_event_file_create(). */
void emf_event_file_set_origin(const struct emf_event_file_origin *of);

/**
 * emf_event_file_create() - begin a file of what would be printed, beside the one that may be there
 * @emf: its show.capture is the path; all that prepares the modules that are wanted is done
 *
 * Return: 0, or a negative errno, which has been reported.
 */
int emf_event_file_create(struct emf *emf);

/**
 * emf_event_file_begin() - it takes its place: the tool runs
 * @loop: writes out, each second, what there is to write; or NULL
 *
 * Return: 0, also without a file; or a negative errno, which has been reported.
 */
int emf_event_file_begin(struct emf_loop *loop);

/* A record in its shortest form. False for what cannot be written, which is told once, and counted. */
bool emf_event_file_write(const struct emf_shown *shown, const void *data);

/*
 * Writes the end, and tells how many there are; one that was not begun goes. 0, or a negative errno of what was
 * lost. Fine without a file.
 */
int emf_event_file_close(void);

/**
 * struct emf_event_file - one that is read
 * @in: where from
 * @schemas: of its modules
 * @n: how many
 * @wall: see struct emf_event_file_head
 * @origin: likewise; its texts end
 * @at: what is read now
 * @data: of a record, as large as its type
 * @record: its type
 * @events: that were read
 * @lost: the writer lost some
 * @why: a sentence about what is wrong
 */
struct emf_event_file {
	FILE *in;
	struct emf_schema *schemas[EMF_EVENT_FILE_MODULES_MAX];
	size_t n;
	uint64_t wall;
	struct emf_event_file_origin origin;
	struct emf_event_file_record at;
	unsigned char *data;
	size_t room;
	const struct emf_record *record;
	uint64_t events;
	bool lost;
	char why[EMF_EVENT_FILE_WHY_MAX];
};

/**
 * emf_event_file_open() - the head of a file and its types; it is not trusted
 * @file: zero but for @in; free with emf_event_file_free(), also after an error
 *
 * Return: 0; -EPROTO with @file->why; -ENOMEM.
 */
int emf_event_file_open(struct emf_event_file *file);

/* The next record. 1; 0 at the end; -EPROTO with @file->why, also of a file that was cut short; -ENOMEM. */
int emf_event_file_next(struct emf_event_file *file);

void emf_event_file_free(struct emf_event_file *file);

#endif
