// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * isolated_process.c - the process of an isolated extension is started.
 *
 * It is this program, as the guardian is. One that is fully static cannot load the file;
 * then it is the program that is installed beside it for this, which is linked with a
 * shared libc and has no modules.
 */
#include "isolated_process.h"

#include <errno.h>
#include <fcntl.h>
#include <emf/output.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/capability.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "caps.h"
#include "isolated.h"

#define PARAMETER "EMF_ISOLATED_PARAMETER_"
#define SURROUNDINGS_MAX 8 /* of copy_environment() */
#define SLOT_BITS 4 /* EMF_ISOLATED_MAX */

_Static_assert(EMF_ISOLATED_MAX <= 1 << SLOT_BITS, "a slot is a part of the user's number");

/* PID_MAX_LIMIT is 2^22 (include/linux/threads.h): the last one is below 2^31, where some programs see a negative number. */
uid_t emf_isolated_uid(unsigned int slot)
{
	return geteuid() ? 0 : EMF_ISOLATED_UID_FIRST + ((uid_t)getpid() << SLOT_BITS) + slot;
}

/* To become another user, to give rights up for good, and to end what is another user's. */
static const int needed_of_root[] = { EMF_CAP_SETUID, EMF_CAP_SETGID, EMF_CAP_SETPCAP, EMF_CAP_KILL };

int emf_isolated_check_rights(uint64_t caps, char *why, size_t size)
{
	uint64_t own = 0;
	int err = emf_caps_effective(&own);

	for (int cap = 0; cap < 64 && !err; cap++) {
		if (!(caps & 1ull << cap) || own & 1ull << cap)
			continue;
		if (emf_caps_name(cap))
			snprintf(why, size, "it needs the capability %s, which this process lacks and cannot give: run as root, or grant it", emf_caps_name(cap));
		else
			snprintf(why, size, "it needs the capability %d, which this process lacks and cannot give: run as root, or grant it", cap);
		return -EPERM;
	}
	for (size_t i = 0; i < sizeof(needed_of_root) / sizeof(*needed_of_root) && !err && !geteuid(); i++) {
		if (own & 1ull << needed_of_root[i])
			continue;
		snprintf(why, size, "this process lacks the capability %s, without which it cannot run an extension as another user: grant it",
			 emf_caps_name(needed_of_root[i]));
		return -EPERM;
	}
	return 0;
}

static void find_program(const char *product, char path[PATH_MAX])
{
#ifdef EMF_FULLY_STATIC
	const char *given = secure_getenv("EMF_ISOLATED_HOST");

	if (given && *given)
		snprintf(path, PATH_MAX, "%s", given);
	else
		snprintf(path, PATH_MAX, EMF_LIBEXECDIR "/%s-isolated", product);
#else
	(void)product;
	snprintf(path, PATH_MAX, "/proc/self/exe");
#endif
}

/* What a program that is started needs of its surroundings; the rest may be secrets. */
static size_t copy_environment(char **to)
{
	static const char *const kept[] = { "PATH=",	    "TZ=",	     "LANG=",	       "LC_ALL=",	   "LD_LIBRARY_PATH=",
					    "ASAN_OPTIONS=", "LSAN_OPTIONS=", "UBSAN_OPTIONS=" };
	size_t n = 0;

	_Static_assert(sizeof(kept) / sizeof(*kept) <= SURROUNDINGS_MAX, "all of them fit");
	for (size_t k = 0; k < sizeof(kept) / sizeof(*kept); k++)
		for (char **e = environ; *e; e++)
			if (!strncmp(*e, kept[k], strlen(kept[k]))) {
				to[n++] = *e;
				break;
			}
	return n;
}

static int add_parameters(char **to, char *const *parameters, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (asprintf(&to[i], PARAMETER "%zu=%s", i, parameters[i]) < 0) {
			to[i] = NULL;
			return -ENOMEM;
		}
	return 0;
}

const char *emf_isolated_parameter(size_t i)
{
	char name[64];

	snprintf(name, sizeof(name), PARAMETER "%zu", i);
	return getenv(name);
}

/* Its two descriptors, standard input of nothing, and no signal that is blocked or ignored here. */
static int prepare(posix_spawn_file_actions_t *passed, posix_spawnattr_t *how, const struct emf_isolated_words *words)
{
	sigset_t all, none;
	int err = posix_spawn_file_actions_addopen(passed, STDIN_FILENO, "/dev/null", 0, 0);

	/* Of a terminal not what is typed there. */
	if (!err && isatty(STDERR_FILENO))
		err = posix_spawn_file_actions_addopen(passed, STDERR_FILENO, "/proc/self/fd/2", O_WRONLY | O_NOCTTY, 0);
	/* What it prints is no table of the product. */
	if (!err)
		err = posix_spawn_file_actions_adddup2(passed, STDERR_FILENO, STDOUT_FILENO);
	if (!err)
		err = posix_spawn_file_actions_adddup2(passed, words->socket, words->socket);
	if (!err)
		err = posix_spawn_file_actions_adddup2(passed, words->file, words->file);
	sigfillset(&all);
	sigemptyset(&none);
	if (!err)
		err = posix_spawnattr_setsigdefault(how, &all);
	if (!err)
		err = posix_spawnattr_setsigmask(how, &none);
	return err ? err : posix_spawnattr_setflags(how, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
}

static int spawn(const char *program, const struct emf_isolated_words *words, char *const *argv, char *const *parameters, size_t n)
{
	posix_spawn_file_actions_t passed;
	posix_spawnattr_t how;
	char *environment[SURROUNDINGS_MAX + EMF_ISOLATED_WORDS_MAX + 1] = { NULL };
	size_t own;
	pid_t pid;
	int err;

	if (posix_spawn_file_actions_init(&passed))
		return -ENOMEM;
	if (posix_spawnattr_init(&how)) {
		posix_spawn_file_actions_destroy(&passed);
		return -ENOMEM;
	}
	own = copy_environment(environment);
	err = add_parameters(environment + own, parameters, n);
	if (!err)
		err = prepare(&passed, &how, words);
	if (!err)
		err = posix_spawn(&pid, program, &passed, &how, argv, environment);
	for (size_t i = own; i < own + n; i++)
		free(environment[i]);
	posix_spawnattr_destroy(&how);
	posix_spawn_file_actions_destroy(&passed);
	return err ? -abs(err) : pid;
}

int emf_isolated_spawn(const char *product, const struct emf_isolated_words *words, char *const *parameters, size_t n, char *why, size_t size)
{
	char name[] = EMF_ISOLATED_NAME, numbers[5][24];
	char program[PATH_MAX], *argv[EMF_ISOLATED_WORDS + 1] = { name };
	int pid;

	snprintf(numbers[0], sizeof(numbers[0]), "%d", words->socket);
	snprintf(numbers[1], sizeof(numbers[1]), "%d", words->file);
	snprintf(numbers[2], sizeof(numbers[2]), "%d", words->parent);
	snprintf(numbers[3], sizeof(numbers[3]), "%u", words->uid);
	snprintf(numbers[4], sizeof(numbers[4]), "%" PRIx64, words->caps);
	for (int i = 0; i < 5; i++)
		argv[i + 1] = numbers[i];
	argv[EMF_ISOLATED_WORDS - 1] = (char *)(uintptr_t)words->path;
	find_program(product, program);
	pid = spawn(program, words, argv, parameters, n);
	if (pid < 0)
		snprintf(why, size, "its process cannot be started from %.100s: %s", program, strerror(-pid));
	return pid;
}

bool emf_isolated_read_words(int argc, char *const *argv, struct emf_isolated_words *words)
{
	if (argc != EMF_ISOLATED_WORDS)
		return false;
	*words = (struct emf_isolated_words){
		.socket = atoi(argv[1]), .file = atoi(argv[2]), .parent = atoi(argv[3]), .uid = (uid_t)strtoul(argv[4], NULL, 10),
		.caps = strtoull(argv[5], NULL, 16), .path = argv[EMF_ISOLATED_WORDS - 1],
	};
	return words->socket > STDERR_FILENO && words->file > STDERR_FILENO && words->parent > 0;
}

/* In a process of its own, without any right: then the kernel lets it reach what is that user's, and nothing else. */
static void __attribute__((noreturn)) end_all_of(uid_t uid)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { 0 };
	struct __user_cap_data_struct left[_LINUX_CAPABILITY_U32S_3];

	/* By themselves: libc's ask other threads, which are not there. */
	if (syscall(SYS_setresgid, uid, uid, uid) || syscall(SYS_setresuid, uid, uid, uid) || syscall(SYS_capset, &header, none) ||
	    syscall(SYS_capget, &header, left) || memcmp(left, none, sizeof(none)) != 0 || getuid() != uid || geteuid() != uid)
		_exit(1);
	kill(-1, SIGKILL);
	_exit(0);
}

void emf_isolated_end_user(uid_t uid)
{
	pid_t pid = uid >= EMF_ISOLATED_UID_FIRST ? fork() : -1;

	if (!pid)
		end_all_of(uid);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

void emf_isolated_say_end(int status, char *text, size_t size)
{
	int signo = WIFSIGNALED(status) ? WTERMSIG(status) : 0;

	if (signo)
		snprintf(text, size, "was killed by signal %d (%s)", signo, emf_signal_name(signo) ? emf_signal_name(signo) : "of no name");
	else
		snprintf(text, size, "ended with status %d", WEXITSTATUS(status));
}
