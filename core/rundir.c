// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * rundir.c - the run folder.
 */
#include "rundir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SYSTEM_FOLDER "/run/emf" /* of services that root runs */

int emf_rundir_path(char path[RUNDIR_PATH_MAX])
{
	const char *user = getenv("XDG_RUNTIME_DIR");
	int n;

	if (geteuid() == 0)
		n = snprintf(path, RUNDIR_PATH_MAX, "%s", SYSTEM_FOLDER);
	else if (user && *user == '/')
		n = snprintf(path, RUNDIR_PATH_MAX, "%s/emf", user);
	else
		return -ENOENT;
	return n < RUNDIR_PATH_MAX ? 0 : -ENAMETOOLONG;
}

int emf_rundir(char path[RUNDIR_PATH_MAX])
{
	struct stat st;
	int err = emf_rundir_path(path);

	if (err)
		return err;
	/* 0755: others may see the socket; its own mode says who may use it. */
	if (mkdir(path, 0755) && errno != EEXIST)
		return -errno;
	if (lstat(path, &st))
		return -errno;
	/* Somebody else's folder, or one that others can write to, is no place. */
	if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 022))
		return -EPERM;
	return 0;
}

const char *emf_rundir_given(void)
{
	const char *given = getenv("EMF_BUS");

	return given && *given ? given : NULL;
}

int emf_rundir_system_socket(const char *product, char path[RUNDIR_PATH_MAX])
{
	/* sun_path, unix(7): 108 bytes */
	return snprintf(path, RUNDIR_PATH_MAX, "%s/%s.sock", SYSTEM_FOLDER, product) < 108 ? 0 : -ENAMETOOLONG;
}

int emf_rundir_socket(const char *product, char path[RUNDIR_PATH_MAX])
{
	const char *given = emf_rundir_given();
	char base[RUNDIR_PATH_MAX];
	int n, err;

	if (given) {
		n = snprintf(path, RUNDIR_PATH_MAX, "%s", given);
	} else {
		err = emf_rundir_path(base);
		if (err)
			return err;
		n = snprintf(path, RUNDIR_PATH_MAX, "%s/%s.sock", base, product);
	}
	/* sun_path, unix(7): 108 bytes */
	return n < 108 ? 0 : -ENAMETOOLONG;
}

static int create_temporary(const char *name, char path[RUNDIR_PATH_MAX])
{
	const char *dir = getenv("TMPDIR");
	int fd, n;

	n = snprintf(path, RUNDIR_PATH_MAX, "%s/emf-%s.XXXXXX", dir && *dir == '/' ? dir : "/tmp", name);
	if (n >= RUNDIR_PATH_MAX)
		return -ENAMETOOLONG;
	fd = mkostemp(path, O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int emf_rundir_create(const char *name, char path[RUNDIR_PATH_MAX])
{
	char base[RUNDIR_PATH_MAX];
	int fd;

	if (emf_rundir(base) || snprintf(path, RUNDIR_PATH_MAX, "%s/%s", base, name) >= RUNDIR_PATH_MAX)
		return create_temporary(name, path);
	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	return fd < 0 ? create_temporary(name, path) : fd;
}
