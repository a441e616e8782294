// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * guardian_process.c - the guardian: it waits, and takes away.
 *
 * It is this program, started by the product with other words: so it keeps nothing of the product alive, such as its maps.
 */
#include "guardian_process.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "caps.h"
#include "fd.h"

#define NAME "emf-guardian"

struct guard {
	const char *product;
	struct emf_owned things[EMF_OWNED_MAX];
	int others[EMF_OWNED_MAX];
};

int emf_guardian_send(int socket, const struct emf_guardian_message *message, int other)
{
	struct iovec part = { (void *)(uintptr_t)message, sizeof(*message) };
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { .head = { .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int)) } };
	struct msghdr head = { .msg_iov = &part, .msg_iovlen = 1 };

	if (other >= 0) {
		memcpy(CMSG_DATA(&control.head), &other, sizeof(other));
		head.msg_control = &control;
		head.msg_controllen = sizeof(control.bytes);
	}
	return sendmsg(socket, &head, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? -errno : 0;
}

static int receive(int socket, struct emf_guardian_message *message, int *other)
{
	struct iovec part = { message, sizeof(*message) };
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	struct msghdr head = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control.bytes) };
	const struct cmsghdr *rights;
	ssize_t n = recvmsg(socket, &head, MSG_CMSG_CLOEXEC);

	if (n < 0)
		return -errno;
	*other = -1;
	rights = n ? CMSG_FIRSTHDR(&head) : NULL;
	if (rights && rights->cmsg_type == SCM_RIGHTS)
		memcpy(other, CMSG_DATA(rights), sizeof(*other));
	return n == sizeof(*message);
}

static void update(struct guard *guard, const struct emf_guardian_message *message, int other)
{
	uint32_t number = message->number;
	bool is_gone = message->thing.kind == EMF_OWNED_NOTHING;

	if (number >= EMF_OWNED_MAX) {
		close(other);
		return;
	}
	if ((is_gone || other >= 0) && guard->others[number] >= 0) {
		close(guard->others[number]);
		guard->others[number] = -1;
	}
	if (other >= 0)
		guard->others[number] = other;
	guard->things[number] = message->thing;
}

static void say(const char *product, const struct emf_owned *thing, const char *what)
{
	char text[256];
	int n = snprintf(text, sizeof(text), "%s: guardian: '%s' was killed: its %s on %s %s\n", product, product,
			 thing->kind == EMF_OWNED_XDP ? "XDP program" : "tc filter", thing->link, what);

	if (n >= (int)sizeof(text))
		n = sizeof(text) - 1;
	if (write(STDERR_FILENO, text, (size_t)n) < 0)
		return; /* nobody is there to read it */
}

static int remove_all(struct guard *guard)
{
	int n_left = 0;

	for (int i = 0; i < EMF_OWNED_MAX; i++) {
		const struct emf_owned *thing = &guard->things[i];
		int removed = thing->kind ? emf_owned_remove(thing, guard->others[i]) : 0;

		n_left += removed < 0;
		if (removed < 0)
			say(guard->product, thing, strerror(-removed));
		else if (removed)
			say(guard->product, thing, guard->others[i] >= 0 ? "has made room again for the one before" : "was removed");
	}
	return n_left;
}

/* Looking up programs by their ids takes CAP_SYS_ADMIN, bpf(2); without it filters are known by what netlink says. */
static void drop_rights(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
	uint32_t kept = 1u << EMF_CAP_NET_ADMIN | 1u << EMF_CAP_SYS_ADMIN;

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (syscall(SYS_capget, &header, data))
		return;
	for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		data[i].permitted &= i ? 0 : kept;
		data[i].effective = data[i].permitted;
		data[i].inheritable = 0;
	}
	syscall(SYS_capset, &header, data);
}

/* Whatever is told to end is the product: it tells us by closing its socket. */
static void ignore_signals(void)
{
	static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGALRM, SIGPIPE, SIGUSR1, SIGUSR2 };
	struct sigaction action = { .sa_handler = SIG_IGN };
	sigset_t all;

	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		sigaction(ignored[i], &action, NULL);
	sigemptyset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
}

/* What is open in the product must not stay open here: its socket, its lock, the reader of its output. */
static void close_others(int socket, int file)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
	}
	emf_fd_close_others(socket, file);
}

/* These descriptors alone pass to it, and no signal reaches it before it ignores them. */
static int spawn(posix_spawn_file_actions_t *passed, posix_spawnattr_t *how, char *const *argv, int socket, int file)
{
	sigset_t all;
	pid_t pid;
	int err = posix_spawn_file_actions_adddup2(passed, socket, socket);

	if (!err && file >= 0)
		err = posix_spawn_file_actions_adddup2(passed, file, file);
	sigfillset(&all);
	if (!err)
		err = posix_spawnattr_setsigmask(how, &all);
	if (!err)
		err = posix_spawnattr_setflags(how, POSIX_SPAWN_SETSIGMASK);
	if (!err)
		err = posix_spawn(&pid, "/proc/self/exe", passed, how, argv, environ);
	return err ? -err : pid;
}

int emf_guardian_start(int socket, int file, const char *path)
{
	char name[] = NAME, socket_word[16], file_word[16];
	char *argv[] = { name, socket_word, file_word, (char *)(uintptr_t)path, NULL };
	posix_spawn_file_actions_t passed;
	posix_spawnattr_t how;
	int pid;

	snprintf(socket_word, sizeof(socket_word), "%d", socket);
	snprintf(file_word, sizeof(file_word), "%d", file);
	if (posix_spawn_file_actions_init(&passed))
		return -ENOMEM;
	if (posix_spawnattr_init(&how)) {
		posix_spawn_file_actions_destroy(&passed);
		return -ENOMEM;
	}
	pid = spawn(&passed, &how, argv, socket, file);
	posix_spawnattr_destroy(&how);
	posix_spawn_file_actions_destroy(&passed);
	return pid;
}

bool emf_guardian_is_meant(int argc, char *const *argv)
{
	return argc == 4 && !strcmp(argv[0], NAME);
}

void emf_guardian_run(const char *product, char *const *argv)
{
	static struct guard guard; /* of this process alone */
	int socket = atoi(argv[1]), file = atoi(argv[2]), got, other = -1;
	struct emf_guardian_message message;

	ignore_signals();
	setsid();
	close_others(socket, file);
	if (chdir("/"))
		errno = 0; /* it only keeps a file system from being unmounted */
	drop_rights();
	libbpf_set_print(NULL); /* what fails is said here */
	guard.product = product;
	for (int i = 0; i < EMF_OWNED_MAX; i++)
		guard.others[i] = -1;
	prctl(PR_SET_NAME, NAME, 0, 0, 0);
	while ((got = receive(socket, &message, &other)) > 0 || got == -EINTR)
		if (got > 0)
			update(&guard, &message, other);
	if (!remove_all(&guard) && file >= 0)
		unlink(argv[3]);
	_exit(0);
}
