// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * event_file_read.c - events of a file. Nothing in it is trusted: what works on records is given as many bytes
 * as their type has, and takes any value in them, as it takes those of a kernel part.
 */
#include "event_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "record.h"

static int __attribute__((format(printf, 2, 3))) bad(struct emf_event_file *file, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(file->why, sizeof(file->why), fmt, args);
	va_end(args);
	return -EPROTO;
}

static int get(struct emf_event_file *file, void *to, size_t n, const char *what)
{
	if (fread(to, 1, n, file->in) == n)
		return 0;
	if (ferror(file->in))
		return bad(file, "it cannot be read: %s, after %" PRIu64 " events", strerror(errno), file->events);
	return bad(file, "it was cut short in %s, after %" PRIu64 " events", what, file->events);
}

static int get_schema(struct emf_event_file *file)
{
	char why[EMF_SCHEMA_WHY_MAX], *text;
	uint32_t size;
	int err = get(file, &size, sizeof(size), "its types");

	if (err)
		return err;
	if (size > EMF_EVENT_FILE_SCHEMA_MAX)
		return bad(file, "its types have %u bytes, and %u are the most", size, EMF_EVENT_FILE_SCHEMA_MAX);
	text = malloc(size + 1);
	if (!text)
		return -ENOMEM;
	err = get(file, text, size, "its types");
	if (!err)
		err = emf_schema_read_events(text, size, &file->schemas[file->n], why);
	free(text);
	if (err == -EPROTO && !file->why[0])
		bad(file, "its types are not what they should be: %s", why);
	file->n += !err;
	return err;
}

/* A record of each type fits, and each signal has one. */
static int check_types(struct emf_event_file *file)
{
	for (size_t i = 0; i < file->n; i++) {
		const struct ebus_service *service = &file->schemas[i]->service;

		for (size_t s = 0; s < service->n_signals; s++) {
			const struct emf_record *record = service->signals[s].in.record;

			if (!record || !record->n)
				return bad(file, "event '%s' of '%s' has no members", service->signals[s].name, service->name);
			file->room = record->size > file->room ? record->size : file->room;
		}
		for (size_t other = 0; other < i; other++)
			if (!strcmp(service->name, file->schemas[other]->service.name))
				return bad(file, "module '%s' is there twice", service->name);
	}
	file->data = malloc(file->room + 1);
	return file->data ? 0 : -ENOMEM;
}

int emf_event_file_open(struct emf_event_file *file)
{
	struct emf_event_file_head head = { 0 };
	const size_t first = offsetof(struct emf_event_file_head, wall); /* of all formats */
	int err;

	if (fread(&head, 1, first, file->in) != first && ferror(file->in))
		return bad(file, "it cannot be read: %s", strerror(errno));
	if (memcmp(head.magic, EMF_EVENT_FILE_MAGIC, sizeof(head.magic)) != 0)
		return bad(file, "it is no file of events: 'run MODULE --capture FILE' writes one");
	if (head.format != EMF_EVENT_FILE_FORMAT)
		return bad(file, "it is of format %u, and this product reads %d, of machines of its own byte order", head.format, EMF_EVENT_FILE_FORMAT);
	if (!head.modules || head.modules > EMF_EVENT_FILE_MODULES_MAX)
		return bad(file, "it has %u modules, and 1 to %d are possible", head.modules, EMF_EVENT_FILE_MODULES_MAX);
	err = get(file, &head.wall, sizeof(head) - first, "its head");
	if (err)
		return err;
	file->wall = head.wall;
	file->origin = head.origin;
	file->origin.boot[sizeof(head.origin.boot) - 1] = file->origin.host[sizeof(head.origin.host) - 1] = '\0';
	do
		err = get_schema(file);
	while (!err && file->n < head.modules);
	return err ? err : check_types(file);
}

static int check_end(struct emf_event_file *file)
{
	if (file->at.size || file->at.time != file->events)
		return bad(file, "it says that it has %" PRIu64 " events, and there are %" PRIu64, file->at.time, file->events);
	if (fgetc(file->in) != EOF)
		return bad(file, "there is something behind its end");
	file->lost = file->at.type;
	return 0;
}

int emf_event_file_next(struct emf_event_file *file)
{
	const struct ebus_service *service;
	int err = get(file, &file->at, sizeof(file->at), "the head of an event");

	if (err)
		return err;
	if (file->at.module == EMF_EVENT_FILE_END)
		return check_end(file);
	service = file->at.module < file->n ? &file->schemas[file->at.module]->service : NULL;
	if (!service || file->at.type >= service->n_signals)
		return bad(file, "event %" PRIu64 " is of a type that the file does not have", file->events + 1);
	file->record = service->signals[file->at.type].in.record;
	if (file->at.size < file->record->fixed || file->at.size > file->record->size)
		return bad(file, "event %" PRIu64 ", '%s', has %u bytes, and %u to %u are possible", file->events + 1, file->record->name,
			   file->at.size, file->record->fixed, file->record->size);
	memset(file->data, 0, file->record->size);
	err = get(file, file->data, file->at.size, "an event");
	if (err)
		return err;
	if (emf_record_wire_size(file->record, file->data) != file->at.size)
		return bad(file, "event %" PRIu64 ", '%s', is not as long as it says", file->events + 1, file->record->name);
	file->events++;
	return 1;
}

void emf_event_file_free(struct emf_event_file *file)
{
	while (file->n)
		emf_schema_free(file->schemas[--file->n]);
	free(file->data);
	file->data = NULL;
}
