/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * package_join.h - the file of a package, made of what is in it.
 */
#ifndef EMF_CORE_PACKAGE_JOIN_H
#define EMF_CORE_PACKAGE_JOIN_H

#include "package_write.h"

/**
 * emf_package_join() - put a package together
 * @manifest: JSON
 * @parts: that were written
 * @out: receives the bytes
 *
 * Return: 0 or -ENOMEM.
 */
int emf_package_join(const char *manifest, const struct emf_package_parts *parts, struct emf_bytes *out);

/* The same of packages, one for each machine: @wholes with their bytes. 0 or -ENOMEM. */
int emf_package_join_wholes(const struct emf_package_whole *wholes, size_t n, struct emf_bytes *out);

#endif
