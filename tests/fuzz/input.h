/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * input.h - the input as a file, and a place for what is printed meanwhile.
 */
#ifndef EMF_TESTS_FUZZ_INPUT_H
#define EMF_TESTS_FUZZ_INPUT_H

#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"

/* By this name the input is opened, as any file. */
static inline const char *input_file(const uint8_t *data, size_t size)
{
	static char path[32];
	static int fd = -1;

	if (fd < 0)
		fd = memfd_create("input", MFD_CLOEXEC);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	fuzz_assert(fd >= 0 && !ftruncate(fd, 0) && pwrite(fd, data, size, 0) == (ssize_t)size);
	return path;
}

/* For stdout and stderr, as long as the code that is tried prints. */
static inline FILE *input_nowhere(void)
{
	static FILE *nowhere;

	if (!nowhere)
		nowhere = fopen("/dev/null", "we");
	fuzz_assert(nowhere);
	return nowhere;
}

#endif
