/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * isolated_service.h - services that the product knows by a description alone, which came from
 * another process: its peers can call them, and no code of the product can.
 */
#ifndef EMF_CORE_ISOLATED_SERVICE_H
#define EMF_CORE_ISOLATED_SERVICE_H

#include <stdbool.h>
#include <stddef.h>

#include "extension_file.h"

#define EMF_DESCRIPTION_MAX (1u << 20) /* bytes: of introspection.schema() and its text together */

/**
 * emf_described_add() - make a service known
 * @text: emf_schema_write()'s, a NUL, its text in the language, a NUL; not trusted
 * @size: in bytes
 * @line: what the file says of it: the name, the version and the hash have to be the same
 * @service: receives it
 * @why: receives half a sentence about what is wrong
 *
 * One that is known by the same description is the same service.
 *
 * Return: 0; -EPROTO; -ENOMEM.
 */
int emf_described_add(const char *text, size_t size, const struct emf_extension_line *line, struct ebus_service **service,
		      char why[EMF_EXTENSION_WHY_MAX]);

/* The way back: it goes when nobody has it any more. */
void emf_described_drop(struct ebus_service *service);

/* Takes away those that nobody has; @all: what is left when the product ends. */
void emf_described_turn(bool all);

/* Whether this is one of them. */
bool emf_described_is(const struct ebus_service *service);

/* The payload of emf_described_add(), to be freed; NULL if there is no memory, or it is too large. */
char *emf_described_write(const struct ebus_service *service, size_t *size);

#endif
