// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * coverage.c - linked into what make coverage builds: a process that ends at once, or by SIGTERM, writes what it ran, too, and one
 * without rights as far as it may. gcc's library would tell of what cannot be written, and tests look at what is told.
 */
#include <fcntl.h>
#include <gcov.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

void __real__exit(int status) __attribute__((noreturn));
void __wrap__exit(int status) __attribute__((noreturn));

void __wrap__exit(int status)
{
	__gcov_dump();
	__real__exit(status);
}

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);

int __wrap_open(const char *path, int flags, ...)
{
	size_t len = strlen(path);
	mode_t mode = 0;
	va_list more;
	int fd;

	if (flags & (O_CREAT | __O_TMPFILE)) {
		va_start(more, flags);
		mode = va_arg(more, mode_t);
		va_end(more);
	}
	fd = __real_open(path, flags, mode);
	if (len < 5 || strcmp(path + len - 5, ".gcda"))
		return fd;
	if (fd < 0)
		return __real_open("/dev/null", O_RDWR);
	fchmod(fd, 0666); /* other users add theirs */
	return fd;
}

static void dump_and_die(int signo)
{
	__gcov_dump();
	/* SA_RESETHAND: once more, and it ends as it would have. */
	raise(signo);
}

__attribute__((constructor)) static void prepare(void)
{
	struct sigaction action = { .sa_handler = dump_and_die, .sa_flags = (int)SA_RESETHAND }, before;

	if (!sigaction(SIGTERM, NULL, &before) && before.sa_handler == SIG_DFL)
		sigaction(SIGTERM, &action, NULL);
}
