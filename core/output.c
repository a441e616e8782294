// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * output.c - standard output: buffered, and checked when it is written.
 */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <string.h>
#include <unistd.h>

#include "core.h"
#include "log.h"

#define BUFFER_BYTES 65536 /* the capacity of a pipe, pipe(7) */
#define LAST_CHANCE_MS 1000 /* for a reader that is slow, not gone */

static char buffer[BUFFER_BYTES];
static bool told;
static bool is_cut; /* by a signal, in a write that blocked: stdio drops what it held */
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

static bool is_blocked(int timeout_ms)
{
	struct pollfd out = { .fd = STDOUT_FILENO, .events = POLLOUT };

	return poll(&out, 1, timeout_ms) == 0;
}

/* A write in the middle of a turn may have failed before, unseen. */
static int why_failed(int now)
{
	struct pollfd out = { .fd = STDOUT_FILENO };

	if (now || first_errno)
		return now ? now : first_errno;
	return poll(&out, 1, 0) > 0 && (out.revents & POLLERR) ? EPIPE : EIO;
}

int emf_output_flush(void)
{
	int err;

	if (!__fpending(stdout) && !ferror(stdout) && !first_errno)
		return 0;
	if (!first_errno && is_blocked(0))
		return -EAGAIN;
	errno = 0;
	if (first_errno != EINTR && !fflush(stdout) && !ferror(stdout))
		return 0;
	err = -why_failed(errno);
	if (err == -EINTR) {
		clearerr(stdout);
		first_errno = 0;
		is_cut = true;
		return err;
	}
	first_errno = -err; /* a later flush finds no errno any more */
	if (err == -EPIPE)
		return err;
	if (!told)
		emf_err(NULL, "standard output: %s; what could not be written is lost (%s)", strerror(-err),
			err == -ENOSPC ? "free space there, or write elsewhere" : "write elsewhere");
	told = true;
	return err;
}

bool emf_output_wait(int other_fd, int timeout_ms)
{
	struct pollfd fds[] = { { .fd = STDOUT_FILENO, .events = POLLOUT },
				{ .fd = other_fd, .events = POLLIN } };

	return poll(fds, 2, timeout_ms) > 0 && fds[0].revents;
}

int emf_output_finish(void)
{
	int err = emf_output_flush();

	if (err == -EAGAIN && !is_blocked(LAST_CHANCE_MS))
		err = emf_output_flush();
	if (!err && is_cut)
		err = -EINTR;
	if (err == -EAGAIN || err == -EINTR) {
		emf_err(NULL, "standard output is not being read; what could not be written is lost");
		__fpurge(stdout); /* or exit(3) would wait for the reader */
	}
	is_cut = false;
	return err;
}

bool emf_output_is_on(const struct module *m)
{
	/* After an error this turn's output is lost already; a further write would block. */
	return !m->unit->emf->serving && !first_errno;
}

void emf_output_write(const struct module *m, const char *text, size_t n)
{
	if (!emf_output_is_on(m))
		return;
	/* One thread prints; to take the lock of stdio is a third of what it takes. */
	if (fwrite_unlocked(text, 1, n, stdout) < n && !first_errno)
		first_errno = errno;
}

void emf_print(const struct module *m, const char *fmt, ...)
{
	va_list args;

	if (!emf_output_is_on(m))
		return;
	va_start(args, fmt);
	/* stdio remembers that a write failed, not why. */
	if (vprintf(fmt, args) < 0 && !first_errno)
		first_errno = errno;
	va_end(args);
}
