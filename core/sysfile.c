// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * sysfile.c - small files of the kernel.
 */
#include "sysfile.h"

#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#define MOUNTS_MAX 100000 /* fs.mount-max, the kernel's own bound of a namespace */

int emf_sysfile_read(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t at = 0;
	ssize_t n = 0;

	if (fd < 0)
		return -errno;
	while (at < size - 1 && (n = read(fd, text + at, size - 1 - at)) > 0)
		at += (size_t)n;
	if (n < 0)
		n = -errno;
	close(fd);
	if (n < 0)
		return (int)n;
	if (at && text[at - 1] == '\n')
		at--;
	text[at] = '\0';
	return (int)at;
}

/* A user who may not look there is told where it is mounted all the same. */
static bool is_there(const char *path, long magic)
{
	struct statfs fs;

	if (statfs(path, &fs))
		return errno == EACCES;
	return (long)fs.f_type == magic;
}

int emf_mount_find(const char *type, long magic, char path[EMF_MOUNT_MAX])
{
	char line[4096]; /* a page, which is what the kernel allows a mount's options */
	struct mntent entry;
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	int err = -ENOENT;

	if (!mounts)
		return -errno;
	for (int i = 0; err && i < MOUNTS_MAX && getmntent_r(mounts, &entry, line, sizeof(line)); i++) {
		if (strcmp(entry.mnt_type, type) || strlen(entry.mnt_dir) >= EMF_MOUNT_MAX ||
		    !is_there(entry.mnt_dir, magic))
			continue;
		strcpy(path, entry.mnt_dir);
		err = 0;
	}
	endmntent(mounts);
	return err;
}
