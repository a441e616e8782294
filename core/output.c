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

	if (!fflush(stdout) && !ferror(stdout))
		return 0;
	err = errno ? -errno : -EIO;
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
	vprintf(fmt, args);
	va_end(args);
}
