// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * fd.c - file descriptors of a process of our own.
 */
#include "fd.h"

#include <sys/syscall.h>
#include <unistd.h>

#define FIRST (STDERR_FILENO + 1)

static int close_span(unsigned int first, unsigned int last)
{
#ifdef SYS_close_range
	return first > last ? 0 : (int)syscall(SYS_close_range, first, last, 0);
#else
	return first > last ? 0 : -1;
#endif
}

/* Both are open above standard error. */
static int close_around(unsigned int low, unsigned int high)
{
	return close_span(FIRST, low - 1) || close_span(low + 1, high - 1) || close_span(high + 1, ~0u) ? -1 : 0;
}

void emf_fd_close_others(int a, int b)
{
	int err;

	/* One that is not above it is none. */
	a = a < FIRST ? b : a;
	b = b < FIRST ? a : b;
	err = a < FIRST ? close_span(FIRST, ~0u) : close_around((unsigned int)(a < b ? a : b), (unsigned int)(a < b ? b : a));
	for (int fd = FIRST; err && fd < sysconf(_SC_OPEN_MAX); fd++) /* before Linux 5.9 */
		if (fd != a && fd != b)
			close(fd);
}
