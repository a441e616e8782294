/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * library.h - shared libraries by their names.
 */
#ifndef EMF_CORE_LIBRARY_H
#define EMF_CORE_LIBRARY_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

/* Whether it is the name of a library, and no path: libc, libssl.so.3. */
bool emf_library_is_name(const char *name);

/**
 * emf_library_find() - the file of a library
 * @name: without what stands behind it, which is its version: "libssl" is libssl.so.3; with
 *	".so" in it exactly this one
 * @pid: the process that has it, in the file system that it sees; 0 for that of the system, and
 *	there the newest one for this processor
 * @path: receives the file
 * @why: receives a sentence on error
 * @size: of @why
 *
 * The C library of musl is found as "libc", too.
 *
 * Return: 0; -ENOENT if there is none; -ESRCH if there is no such process; or what open(2) reports.
 */
int emf_library_find(const char *name, unsigned int pid, char path[PATH_MAX], char *why, size_t size);

#endif
