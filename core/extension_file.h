/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * extension_file.h - the file of an extension, read before anything of it runs.
 */
#ifndef EMF_CORE_EXTENSION_FILE_H
#define EMF_CORE_EXTENSION_FILE_H

#include <stddef.h>

#include <emf/extension.h>

#define EMF_EXTENSION_WHY_MAX 240 /* it goes over the bus in an error of the service modules */

/* A copy of its table. */
struct emf_extension_lines {
	struct emf_extension_line *lines;
	size_t n;
};

/**
 * emf_extension_file_open() - a file that may be loaded by this process
 * @path: of it
 * @why: receives a sentence about what is wrong
 *
 * A process that has privileges takes only what root owns and nobody else can write.
 *
 * Return: a descriptor; -EPERM, -EINVAL of no regular file, or the errno of open(2).
 */
int emf_extension_file_open(const char *path, char why[EMF_EXTENSION_WHY_MAX]);

/* Whether this process may load a file that somebody else has opened. 0, or -EPERM, -EINVAL. */
int emf_extension_file_check(int fd, char why[EMF_EXTENSION_WHY_MAX]);

/**
 * emf_extension_file_read() - the table of an ELF file
 * @fd: of it
 * @out: receives the table, to be freed with emf_extension_file_free()
 * @why: receives a sentence about what is wrong
 *
 * Return: 0; -ENOEXEC for what is no extension for this machine, or has constructors; -ENOMEM.
 */
int emf_extension_file_read(int fd, struct emf_extension_lines *out, char why[EMF_EXTENSION_WHY_MAX]);
void emf_extension_file_free(struct emf_extension_lines *lines);

#endif
