// SPDX-License-Identifier: BSD-2-Clause
/*
 * output.c - standard output: buffered, and checked when it is written.
 */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core.h"
#include "log.h"

#define BUFFER_BYTES 65536 /* the capacity of a pipe, pipe(7) */

static char buffer[BUFFER_BYTES];
static bool told;
static int first_errno; /* of what failed first: stdio keeps no more than a flag */

void emf_output_init(void)
{
	/*
	 * A program started without one of these would give its number to the
	 * next file it opens, and print into it. Read-only, so that printing
	 * fails instead of vanishing.
	 */
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", O_RDONLY) < 0)
			_exit(EMF_EXIT_FAILED);
	setvbuf(stdout, buffer, isatty(STDOUT_FILENO) ? _IOLBF : _IOFBF, sizeof(buffer));
}

int emf_output_flush(void)
{
	int err;

	errno = 0; /* what is left in it from elsewhere is not about this */
	if (!fflush(stdout) && !ferror(stdout))
		return 0;
	if (!first_errno)
		first_errno = errno ? errno : EIO;
	err = -first_errno;
	if (err == -EPIPE)
		return err;
	if (!told)
		emf_err(NULL, "standard output: %s; what could not be written is lost (%s)", strerror(-err),
			err == -ENOSPC ? "free space there, or write elsewhere" : "write elsewhere");
	told = true;
	return err;
}

void emf_print(const struct module *m, const char *fmt, ...)
{
	va_list args;

	if (m->unit->emf->serving)
		return;
	va_start(args, fmt);
	if (vprintf(fmt, args) < 0 && !first_errno)
		first_errno = errno;
	va_end(args);
}
