/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * package_unite.h - packages of the same modules for several machines, as one file.
 */
#ifndef EMF_CORE_PACKAGE_UNITE_H
#define EMF_CORE_PACKAGE_UNITE_H

#include "package_bytes.h"
#include "package_file.h"

/**
 * emf_package_unite() - make one file of several
 * @paths: of packages, each for one machine or more; signatures of them are left out, since they are not of this file
 * @n: how many
 * @out: receives the bytes, the same in whatever order they are named
 * @why: receives a sentence that says why not, and of which file
 *
 * Return: 0; -EINVAL for what is no package, for other modules or versions, or for a machine twice; -E2BIG; -ENOMEM.
 */
int emf_package_unite(char *const *paths, size_t n, struct emf_bytes *out, char why[EMF_PACKAGE_WHY_MAX]);

#endif
