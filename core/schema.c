// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * schema.c - a service as JSON, written by hand: its texts are names, and need no more
 * than the escapes below.
 */
#include "schema.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TYPES_MAX (EMF_PROG_FD + 1)

struct writer {
	char *text;
	size_t at, room;
	const struct emf_record **records; /* each after those that it is made of */
	size_t n;
	int err;
};

static const char *const types[TYPES_MAX] = {
	[EMF_BOOL] = "bool", [EMF_U8] = "u8", [EMF_U16] = "u16", [EMF_U32] = "u32", [EMF_U64] = "u64", [EMF_S8] = "s8",
	[EMF_S16] = "s16", [EMF_S32] = "s32", [EMF_S64] = "s64", [EMF_BE16] = "be16", [EMF_BE32] = "be32",
	[EMF_BE64] = "be64", [EMF_CHAR] = "char", [EMF_ARGV] = "argv", [EMF_STRING] = "string", [EMF_COMM] = "comm",
	[EMF_DURATION] = "duration", [EMF_NS] = "ns", [EMF_WALL] = "wall", [EMF_IP4] = "ip4", [EMF_IP6] = "ip6",
	[EMF_MAC] = "mac", [EMF_PID] = "pid", [EMF_UID] = "uid", [EMF_NETDEV] = "netdev", [EMF_ERRNO] = "errno",
	[EMF_SIGNO] = "signo", [EMF_WAIT_STATUS] = "wait_status", [EMF_KSYM] = "ksym", [EMF_CGROUP] = "cgroup", [EMF_CONTAINER] = "container", [EMF_IP] = "ip",
	[EMF_TCP_STATE] = "tcp_state", [EMF_IPPROTO] = "ipproto", [EMF_SYSCALL] = "syscall", [EMF_CAP] = "cap", [EMF_DEV] = "dev",
	[EMF_ENUM] = "enum", [EMF_FLAGS] = "flags",
	[EMF_STRUCT] = "struct", [EMF_U128] = "u128", [EMF_S128] = "s128", [EMF_HEX] = "hex", [EMF_FD] = "fd", [EMF_MAP_FD] = "map_fd", [EMF_MAP_FD_RW] = "map_fd_rw",
	[EMF_PROG_FD] = "prog_fd",
};

const char *emf_schema_type_name(enum emf_type type)
{
	return (size_t)type < TYPES_MAX ? types[type] : NULL;
}

int emf_schema_type(const char *name, enum emf_type *type)
{
	for (size_t i = 0; i < TYPES_MAX; i++) {
		if (strcmp(types[i], name))
			continue;
		*type = (enum emf_type)i;
		return 0;
	}
	return -EINVAL;
}

static void put(struct writer *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void put(struct writer *w, const char *fmt, ...)
{
	size_t left = w->room - w->at;
	va_list args;
	int n;

	if (w->err)
		return;
	va_start(args, fmt);
	n = vsnprintf(w->text + w->at, left, fmt, args);
	va_end(args);
	if (n < 0 || (size_t)n >= left)
		w->err = -EMSGSIZE;
	else
		w->at += (size_t)n;
}

/* A default may be any text that the language can write. */
static void put_text(struct writer *w, const char *text)
{
	put(w, "\"");
	for (; *text; text++) {
		if ((unsigned char)*text < 0x20)
			put(w, "\\u%04x", (unsigned char)*text);
		else
			put(w, *text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
	}
	put(w, "\"");
}

static void collect(struct writer *w, const struct emf_record *record)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->records[i] == record)
			return;
	for (size_t i = 0; i < record->n; i++)
		if (record->members[i].record)
			collect(w, record->members[i].record);
	if (w->n == EMF_SCHEMA_RECORDS_MAX)
		w->err = -E2BIG;
	if (!w->err)
		w->records[w->n++] = record;
}

static void collect_members(struct writer *w, const struct ebus_member *members, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (members[i].in.record)
			collect(w, members[i].in.record);
		if (members[i].out.record)
			collect(w, members[i].out.record);
	}
}

static size_t number_of(const struct writer *w, const struct emf_record *record)
{
	size_t i = 0;

	while (i < w->n && w->records[i] != record)
		i++;
	return i;
}

static void put_member(struct writer *w, const struct emf_member *m)
{
	put(w, "{\"name\":\"%s\",\"type\":\"%s\",\"offset\":%u,\"size\":%u,\"count\":%u", m->name,
	    emf_schema_type_name(m->type), m->offset, m->size, m->count);
	if (m->bounded)
		put(w, ",\"len_offset\":%u", m->len_offset);
	if (m->bits)
		put(w, ",\"bits\":%u,\"shift\":%u", m->bits, m->shift);
	if (m->names)
		put(w, ",\"names\":[");
	for (const struct emf_name *n = m->names; n && n->name; n++)
		put(w, "%s[\"%s\",%" PRId64 "]", n == m->names ? "" : ",", n->name, (int64_t)n->value);
	if (m->names)
		put(w, "]");
	if (m->record)
		put(w, ",\"record\":%zu", number_of(w, m->record));
	if (m->range)
		put(w, ",\"range\":[%" PRId64 ",%" PRId64 "]", m->range->min, m->range->max);
	if (m->initial) {
		put(w, ",\"initial\":");
		put_text(w, m->initial);
	}
	put(w, "}");
}

static void put_records(struct writer *w)
{
	put(w, ",\"records\":[");
	for (size_t i = 0; i < w->n; i++) {
		const struct emf_record *r = w->records[i];

		put(w, "%s{\"name\":\"%s\",\"size\":%u,\"fixed\":%u,\"members\":[", i ? "," : "", r->name, r->size, r->fixed);
		for (size_t m = 0; m < r->n; m++) {
			put(w, "%s", m ? "," : "");
			put_member(w, &r->members[m]);
		}
		put(w, "]}");
	}
	put(w, "]");
}

static void put_message(struct writer *w, const char *name, const struct ebus_message *message)
{
	put(w, ",\"%s\":{", name);
	if (message->record)
		put(w, "\"record\":%zu,\"leaves\":[", number_of(w, message->record));
	for (size_t i = 0; message->record && i < message->n_leaves; i++)
		put(w, "%s\"%#" PRIx64 "\"", i ? "," : "", message->leaves[i]);
	put(w, message->record ? "]}" : "}");
}

static void put_members(struct writer *w, const char *kind, const struct ebus_member *members, size_t n)
{
	put(w, ",\"%s\":[", kind);
	for (size_t i = 0; i < n; i++) {
		put(w, "%s{\"name\":\"%s\",\"access\":\"%s\"", i ? "," : "", members[i].name,
		    members[i].access ? members[i].access : "");
		put_message(w, "in", &members[i].in);
		put_message(w, "out", &members[i].out);
		put(w, "}");
	}
	put(w, "]");
}

int emf_schema_write(const struct ebus_service *service, char *text, size_t room)
{
	struct writer w = { .text = text, .room = room };

	w.records = calloc(EMF_SCHEMA_RECORDS_MAX, sizeof(*w.records));
	if (!w.records)
		return -ENOMEM;
	collect_members(&w, service->methods, service->n_methods);
	collect_members(&w, service->signals, service->n_signals);
	collect_members(&w, service->errors, service->n_errors);
	put(&w, "{\"name\":\"%s\",\"version\":\"%s\",\"hash\":\"%#" PRIx64 "\"", service->name, service->version, service->hash);
	put_records(&w);
	put_members(&w, "methods", service->methods, service->n_methods);
	put_members(&w, "signals", service->signals, service->n_signals);
	put_members(&w, "errors", service->errors, service->n_errors);
	put(&w, "}");
	free(w.records);
	return w.err ? w.err : (int)w.at;
}

const struct ebus_member *emf_schema_member(const struct ebus_member *members, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(members[i].name, name))
			return &members[i];
	return NULL;
}
