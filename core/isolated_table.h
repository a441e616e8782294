/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * isolated_table.h - what the file of an extension declares, and no more is given to it.
 */
#ifndef EMF_CORE_ISOLATED_TABLE_H
#define EMF_CORE_ISOLATED_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "extension_file.h"

struct emf_product;

#define EMF_ISOLATED_SERVICES_MAX 32 /* that one provides; EBUS_HANDLES_MAX of either side */

struct emf_isolated_table {
	struct emf_extension_lines lines;
	const char *module, *version; /* the first one; in @lines */
	uint64_t caps;
};

/**
 * emf_isolated_table_read() - read and check it
 * @fd: of the file
 * @product: what it is compared with
 * @table: receives it, to be freed with emf_isolated_table_free()
 * @why: receives a sentence that says why not
 *
 * Return: 0; -EPROTO for what differs; -ENOEXEC for what is no extension; -EINVAL for what cannot run isolated; -ENOMEM.
 */
int emf_isolated_table_read(int fd, const struct emf_product *product, struct emf_isolated_table *table,
			    char why[EMF_EXTENSION_WHY_MAX]);
void emf_isolated_table_free(struct emf_isolated_table *table);

/* Whether it has such a line. */
bool emf_isolated_table_has(const struct emf_isolated_table *table, enum emf_extension_kind kind, const char *name);

/* The line of a service: its hash and its version. NULL if there is none. */
const struct emf_extension_line *emf_isolated_table_service(const struct emf_isolated_table *table, const char *name);

#endif
