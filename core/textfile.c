// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * textfile.c - a file that others read at any time, and never see half of.
 */
#include "textfile.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MODE 0644
#define TRIES 16 /* of several who write the same file at the same time */

static int write_all(int fd, const char *text, size_t size)
{
	while (size) {
		ssize_t n = write(fd, text, size);

		if (n < 0 && errno != EINTR)
			return -errno;
		text += n > 0 ? n : 0;
		size -= n > 0 ? (size_t)n : 0;
	}
	/* Whatever the umask. */
	return fchmod(fd, MODE) || fsync(fd) ? -errno : 0;
}

/* Gives the file that has no name yet its own. */
static int publish(int folder, int fd, const char *temporary, const char *name)
{
	char path[64];
	int err = 0;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	for (int i = 0; i < TRIES; i++) {
		if (unlinkat(folder, temporary, 0) && errno != ENOENT)
			return -errno;
		if (!linkat(AT_FDCWD, path, folder, temporary, AT_SYMLINK_FOLLOW) && !renameat(folder, temporary, folder, name))
			return 0;
		err = -errno;
		if (err != -EEXIST && err != -ENOENT) /* another one came between */
			break;
	}
	unlinkat(folder, temporary, 0);
	return err;
}

/* Where the file system has no files without a name. */
static int open_named(int folder, const char *temporary)
{
	unlinkat(folder, temporary, 0);
	return openat(folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, MODE);
}

static int write_in(int folder, const char *name, const char *text, size_t size)
{
	char temporary[160];
	int fd = openat(folder, ".", O_WRONLY | O_TMPFILE | O_CLOEXEC, MODE);
	bool is_named = fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == ENOENT);
	sigset_t all, old;
	int err;

	snprintf(temporary, sizeof(temporary), ".%.128s.new", name);
	/* Whoever ends us waits for the few calls that it takes; nothing is left then. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	if (is_named)
		fd = open_named(folder, temporary);
	err = fd < 0 ? -errno : write_all(fd, text, size);
	if (!err && is_named)
		err = renameat(folder, temporary, folder, name) ? -errno : 0;
	else if (!err)
		err = publish(folder, fd, temporary, name);
	if (err && is_named)
		unlinkat(folder, temporary, 0);
	if (fd >= 0)
		close(fd);
	if (!err)
		fsync(folder); /* a crash would bring the old one back, which is as good */
	sigprocmask(SIG_SETMASK, &old, NULL);
	return err;
}

int emf_textfile_write(const char *folder, const char *name, const char *text, size_t size, char why[EMF_TEXTFILE_WHY_MAX])
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int err = fd < 0 ? -errno : write_in(fd, name, text, size);

	if (fd < 0)
		snprintf(why, EMF_TEXTFILE_WHY_MAX, "folder %.300s: %s%s", folder, strerror(-err), err == -ENOENT ? "; make it first" : "");
	else if (err)
		snprintf(why, EMF_TEXTFILE_WHY_MAX, "%.300s/%.100s cannot be written: %s; what is there stays as it was", folder, name, strerror(-err));
	if (fd >= 0)
		close(fd);
	return err;
}
