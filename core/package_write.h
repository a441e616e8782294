/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * package_write.h - the tables of modules that are linked in, as bytes.
 */
#ifndef EMF_CORE_PACKAGE_WRITE_H
#define EMF_CORE_PACKAGE_WRITE_H

#include <emf/module.h>

#include "package_bytes.h"
#include "package_file.h"

/* What is in a package: to be freed with emf_package_parts_free(). */
struct emf_package_parts {
	struct emf_bytes *btfs; /* sections of this machine, EMF_PACKAGE_BTF */
	size_t n_btfs;
	struct emf_bytes texts;
	struct emf_bytes tables;
	const struct emf_pack *objects[EMF_PACKAGE_MODULES_MAX];
	size_t n_objects;
};

/**
 * emf_package_write() - write the tables of modules
 * @modules: of one product
 * @n: how many, at most EMF_PACKAGE_MODULES_MAX
 * @parts: receives them
 * @why: receives a sentence that says why one cannot be packed, and names its file
 *
 * The same modules make the same bytes.
 *
 * Return: 0; -ENOTSUP for a module with C of its own, or of a chain; -ENOMEM.
 */
int emf_package_write(const struct module *const *modules, size_t n, struct emf_package_parts *parts, char why[EMF_PACKAGE_WHY_MAX]);
void emf_package_parts_free(struct emf_package_parts *parts);

#endif
