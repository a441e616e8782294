/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * sysfile.h - what the kernel says in small files, and where it has mounted what.
 */
#ifndef EMF_CORE_SYSFILE_H
#define EMF_CORE_SYSFILE_H

#include <stdbool.h>
#include <stddef.h>

#define EMF_MOUNT_MAX 256

/**
 * emf_sysfile_read() - the beginning of a file, without its last newline
 * @path: a file of /proc or /sys
 * @text: receives it, NUL-terminated; untouched on error
 * @size: of @text
 *
 * Return: its length; or what open(2) or read(2) report.
 */
int emf_sysfile_read(const char *path, char *text, size_t size);

/**
 * emf_mount_find() - where a file system of this type can be reached
 * @type: as in /proc/self/mounts: "tracefs"
 * @magic: of statfs(2), so that one that another mount hides does not count
 * @path: receives the mount point
 *
 * Return: 0; -ENOENT if there is none; or a negative errno.
 */
int emf_mount_find(const char *type, long magic, char path[EMF_MOUNT_MAX]);

#endif
