/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The calls of calls.h as the core makes them in a build with --enable-fault-injection: all do what they do, but for one.
 *
 * EMF_FAULT=N has the N-th of them fail. EMF_FAULT_FILE=FILE names a struct emf_fault, by which a test reads how many there
 * were, and says which one is to fail, also while the product runs. Children count on where their parents are.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <grp.h>
#include <jansson.h>
#include <libelf.h>
#include <mntent.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <zlib.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "fault.h"

/* The linker's: where the program begins, from which offsets in it are counted. */
extern const char __executable_start[];

static struct emf_fault own;
static struct emf_fault *state = &own;

static bool hits(const char *name, int error)
{
	__u64 n = __atomic_add_fetch(&state->calls, 1, __ATOMIC_RELAXED);
	void *stack[EMF_FAULT_DEPTH + 2];
	int depth;

	if (n != __atomic_load_n(&state->fails, __ATOMIC_RELAXED))
		return false;
	memset(state->stack, 0, sizeof(state->stack));
	depth = backtrace(stack, EMF_FAULT_DEPTH + 2);
	for (int i = 2; i < depth; i++)
		state->stack[i - 2] = (__u32)((const char *)stack[i] - __executable_start);
	snprintf(state->name, sizeof(state->name), "%s", name);
	__atomic_store_n(&state->failed, n, __ATOMIC_RELEASE);
	errno = error;
	return true;
}

#define CALL(type, name, parameters, arguments, failed, error)                                       \
	type emf_fault_##name parameters;                                                            \
	type emf_fault_##name parameters                                                             \
	{                                                                                            \
		return hits(#name, error) ? (failed) : name arguments;                               \
	}
#include "calls.h"
#undef CALL

/* Those that take arguments of a number or a type that their parameters do not say, or that fail for some of them. */

#define MORE(name, error, failed)                                            \
	do {                                                                 \
		if (hits(#name, error))         \
			return failed;                                       \
	} while (0)

int emf_fault_open(const char *path, int flags, ...);
int emf_fault_open(const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list args;

	MORE(open, EMFILE, -1);
	va_start(args, flags);
	if (flags & (O_CREAT | __O_TMPFILE))
		mode = va_arg(args, mode_t);
	va_end(args);
	return open(path, flags, mode);
}

int emf_fault_openat(int dir, const char *path, int flags, ...);
int emf_fault_openat(int dir, const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list args;

	MORE(openat, EMFILE, -1);
	va_start(args, flags);
	if (flags & (O_CREAT | __O_TMPFILE))
		mode = va_arg(args, mode_t);
	va_end(args);
	return openat(dir, path, flags, mode);
}

int emf_fault_fcntl(int fd, int command, ...);
int emf_fault_fcntl(int fd, int command, ...)
{
	va_list args;
	long arg;

	MORE(fcntl, EMFILE, -1);
	va_start(args, command);
	arg = va_arg(args, long);
	va_end(args);
	return fcntl(fd, command, arg);
}

int emf_fault_ioctl(int fd, unsigned long request, ...);
int emf_fault_ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	long arg;

	MORE(ioctl, EPERM, -1);
	va_start(args, request);
	arg = va_arg(args, long);
	va_end(args);
	return ioctl(fd, request, arg);
}

/* Taking out does not fail: it needs nothing. */
int emf_fault_epoll_ctl(int epoll, int op, int fd, struct epoll_event *event);
int emf_fault_epoll_ctl(int epoll, int op, int fd, struct epoll_event *event)
{
	if (op != EPOLL_CTL_DEL)
		MORE(epoll_ctl, ENOSPC, -1);
	return epoll_ctl(epoll, op, fd, event);
}

int emf_fault_asprintf(char **text, const char *format, ...) __attribute__((format(printf, 2, 3)));
int emf_fault_asprintf(char **text, const char *format, ...)
{
	va_list args;
	int n;

	MORE(asprintf, ENOMEM, -1);
	va_start(args, format);
	n = vasprintf(text, format, args);
	va_end(args);
	return n;
}

long emf_fault_syscall(long number, ...);
long emf_fault_syscall(long number, ...)
{
	long args[6];
	va_list list;

	MORE(syscall, EPERM, -1);
	va_start(list, number);
	for (int i = 0; i < 6; i++)
		args[i] = va_arg(list, long);
	va_end(list);
	return syscall(number, args[0], args[1], args[2], args[3], args[4], args[5]);
}

json_t *emf_fault_json_pack(const char *format, ...);
json_t *emf_fault_json_pack(const char *format, ...)
{
	json_t *made;
	va_list args;

	MORE(json_pack, ENOMEM, NULL);
	va_start(args, format);
	made = json_vpack_ex(NULL, 0, format, args);
	va_end(args);
	return made;
}

json_t *emf_fault_json_sprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));
json_t *emf_fault_json_sprintf(const char *format, ...)
{
	json_t *made;
	va_list args;

	MORE(json_sprintf, ENOMEM, NULL);
	va_start(args, format);
	made = json_vsprintf(format, args);
	va_end(args);
	return made;
}

/* Before anything of the core runs. */
__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("EMF_FAULT_FILE"), *n = getenv("EMF_FAULT");
	void *stack[1], *at;
	char *end = NULL;
	int fd;

	backtrace(stack, 1);	/* loads what it needs now */
	if (path) {
		fd = open(path, O_RDWR | O_CLOEXEC);
		at = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof(own), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (at == MAP_FAILED) {
			fprintf(stderr, "EMF_FAULT_FILE: %s: %s\n", path, strerror(errno));
			_exit(2);
		}
		close(fd);
		state = at;
	}
	if (!n)
		return;
	state->fails = strtoull(n, &end, 10);
	if (*n < '1' || *n > '9' || *end) {
		fprintf(stderr, "EMF_FAULT=%s: the number of the call that is to fail is wanted, from 1 on\n", n);
		_exit(2);
	}
}
