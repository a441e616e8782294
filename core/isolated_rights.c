// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * isolated_rights.c - rights are given up.
 */
#include "isolated_rights.h"

#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "caps.h"
#include "fd.h"

#define FILES_MAX 1024 /* maps, programs, links, of a large module some hundred */
#define PROCESSES_MAX 64 /* of a user of its own, threads among them */
#define NOBODY 65534 /* where a user namespace has no number of the range */

static int become(uid_t uid)
{
	if (setgroups(0, NULL) || prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0))
		return -errno;
	return setresgid(uid, uid, uid) || setresuid(uid, uid, uid) ? -errno : 0;
}

static int limit(int resource, rlim_t most)
{
	struct rlimit now;

	if (getrlimit(resource, &now))
		return -errno;
	now.rlim_max = now.rlim_max < most ? now.rlim_max : most;
	now.rlim_cur = now.rlim_cur < now.rlim_max ? now.rlim_cur : now.rlim_max;
	return setrlimit(resource, &now) ? -errno : 0;
}

static int tell(char *why, size_t size, const char *what, int err)
{
	snprintf(why, size, "%s: %s", what, strerror(-err));
	return err;
}

int emf_isolated_drop_rights(const struct emf_isolated_words *words, char *why, size_t size)
{
	const struct rlimit none = { RLIM_INFINITY, RLIM_INFINITY };
	int err;

	emf_fd_close_others(words->socket, words->file);
	setsid();
	/* Before Linux 5.11 maps count as locked memory of the user, who has another limit. */
	if (!geteuid() && words->caps & 1ull << EMF_CAP_BPF)
		setrlimit(RLIMIT_MEMLOCK, &none);
	err = limit(RLIMIT_CORE, 0);
	if (!err)
		err = limit(RLIMIT_NOFILE, FILES_MAX);
	if (!err && words->uid)
		err = limit(RLIMIT_NPROC, PROCESSES_MAX);
	if (err)
		return tell(why, size, "its limits cannot be set", err);
	err = emf_caps_bound(words->caps, !geteuid());
	if (err)
		return tell(why, size, "its capabilities cannot be bounded", err);
	err = words->uid ? become(words->uid) : 0;
	if (err == -EINVAL)
		err = become(NOBODY);
	if (err)
		return tell(why, size, "it cannot become another user, or leave the groups of this one (some user namespaces forbid it)", err);
	err = emf_caps_set(words->caps, true);
	if (err)
		return tell(why, size, "its capabilities cannot be set", err);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)) /* setuid(2) forgets the latter */
		return tell(why, size, "it cannot be bound to the product", -errno);
	if (getppid() != words->parent)
		_exit(1); /* it is gone already, and nobody is there to be told */
	return chdir("/") ? tell(why, size, "it cannot leave its folder", -errno) : 0;
}
