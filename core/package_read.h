/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * package_read.h - the tables of a package, as they are in memory.
 */
#ifndef EMF_CORE_PACKAGE_READ_H
#define EMF_CORE_PACKAGE_READ_H

#include <emf/bus.h>
#include <emf/module.h>

#include "package_file.h"

#define EMF_PACKAGE_MEMORY_MAX (16u << 20) /* that the tables take */
#define EMF_PACKAGE_ARRAYS_MAX 65536
#define EMF_PACKAGE_DEPTH_MAX 48 /* of pointers to pointers; EMF_RECORD_DEPTH_MAX structs in structs, and what is around */

/* All in one block of memory, which begins with this; beside it the bytes of the package have to stay. */
struct emf_package_tables {
	struct module **modules;
	size_t n_modules;
	struct ebus_service **services;
	size_t n_services;
};

/**
 * emf_package_read() - make the tables
 * @package: that was opened
 * @tables: receives them, to be freed with free()
 * @why: receives a sentence about what is wrong
 *
 * Whatever the bytes are: the tables are such that they can be walked. What they mean is
 * for emf_package_check().
 *
 * Return: 0; -ENOEXEC for what was not written by a product; -E2BIG for more than is allowed; -ENOMEM.
 */
int emf_package_read(const struct emf_package *package, struct emf_package_tables **tables, char why[EMF_PACKAGE_WHY_MAX]);

#endif
