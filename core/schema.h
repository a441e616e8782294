/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * schema.h - a service as data, for those who have not its header: as JSON, which
 * introspection.schema() answers with, and from it.
 *
 * {"name", "version", "hash", "records": [RECORD...], "methods": [MEMBER...],
 *  "signals": [MEMBER...], "errors": [MEMBER...]}
 *
 * RECORD: {"name", "size", "fixed", "members": [{"name", "type", "offset", "size",
 * "count"; "len_offset" of a bounded array; "bits" and "shift" of a bit-field, in a file of events only; "names": [["NAME", VALUE]...] of an enum or
 * flags; "record": its number, of a struct; "range": [MIN, MAX]; "initial"}...]}, each
 * after those that it is made of. MEMBER: {"name", "access", "in": MESSAGE, "out":
 * MESSAGE}; MESSAGE: {"record": its number, "leaves": ["0x..."...]}, and {} without
 * members. Numbers of 64 bits are signed; hashes are texts.
 */
#ifndef EMF_CORE_SCHEMA_H
#define EMF_CORE_SCHEMA_H

#include <emf/bus.h>

/**
 * emf_schema_write() - a service as JSON
 * @service: to describe
 * @text: receives it, without a NUL at its end
 * @room: in bytes
 *
 * Return: bytes written; -EMSGSIZE if there is no room for it, -E2BIG if it has more
 * than EMF_SCHEMA_RECORDS_MAX structs.
 */
int emf_schema_write(const struct ebus_service *service, char *text, size_t room);

#define EMF_SCHEMA_RECORDS_MAX 1024 /* three for each of EBUS_MEMBERS_MAX, and what they are made of */

/* The types by their name: "u32", "map_fd_rw"; NULL for what is none. */
const char *emf_schema_type_name(enum emf_type type);

/* Return: 0, or -EINVAL for a name that is none. */
int emf_schema_type(const char *name, enum emf_type *type);

/* NULL if there is none of this name. */
const struct ebus_member *emf_schema_member(const struct ebus_member *members, size_t n, const char *name);

#endif
