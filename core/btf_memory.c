// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * btf_memory.c - types as a file that is nowhere but in memory.
 */
#include "btf_memory.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

static int fill(int fd, char path[32], const void *bytes, size_t size)
{
	if (write(fd, bytes, size) != (ssize_t)size)
		return -EIO;
	snprintf(path, 32, "/proc/self/fd/%d", fd);
	return access(path, R_OK) ? -errno : 0;
}

int emf_btf_memory_open(struct emf_btf_memory *memory, const void *bytes, size_t size)
{
	int fd = memfd_create("emf-btf", MFD_CLOEXEC), err;

	if (fd < 0)
		return -errno;
	memory->fd = fd;
	err = fill(fd, memory->path, bytes, size);
	if (!err)
		return 0;
	memory->path[0] = '\0';
	close(fd);
	return err;
}

void emf_btf_memory_close(struct emf_btf_memory *memory)
{
	if (memory->path[0])
		close(memory->fd);
	memory->path[0] = '\0';
}
