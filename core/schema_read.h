/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * schema_read.h - a service of which only the schema is known, as it can be called.
 */
#ifndef EMF_CORE_SCHEMA_READ_H
#define EMF_CORE_SCHEMA_READ_H

#include <emf/bus.h>

#define EMF_SCHEMA_WHY_MAX 160

/**
 * struct emf_schema - such a service
 * @service: to bind to; its methods are called with struct ebus_async
 * @client: of it
 * @allocated: EMF's own
 */
struct emf_schema {
	struct ebus_service service;
	struct ebus_client client;
	struct emf_schema_block *allocated;
};

/**
 * emf_schema_read() - a service of its schema
 * @text: emf_schema_write()'s; not trusted
 * @len: in bytes
 * @schema: receives it; free with emf_schema_free()
 * @why: receives what is wrong with it
 *
 * What works on records trusts their description. So the members of each lie in it in
 * their order and do not overlap, sizes are those of the types, structs are no deeper
 * than EMF_RECORD_DEPTH_MAX, and texts are names.
 *
 * Return: 0; -EPROTO; -ENOMEM.
 */
int emf_schema_read(const char *text, size_t len, struct emf_schema **schema, char why[EMF_SCHEMA_WHY_MAX]);

/**
 * emf_schema_read_events() - types of events, as a kernel part sends them
 * @text: likewise
 * @len: in bytes
 * @schema: likewise
 * @why: likewise
 *
 * Their records may have what no service has: bit-fields, which lie where others do, numbers of 128 bits, bytes of no
 * known meaning, and members at any place. None of it can be called, or sent.
 *
 * Return: as emf_schema_read().
 */
int emf_schema_read_events(const char *text, size_t len, struct emf_schema **schema, char why[EMF_SCHEMA_WHY_MAX]);

/* Fine on NULL. No client may use it any more. */
void emf_schema_free(struct emf_schema *schema);

#endif
