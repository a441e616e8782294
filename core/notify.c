// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * notify.c - what a service manager is told, and what it hands over.
 */
#include "notify.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"
#include "loop.h"

#define HANDED_FIRST 3 /* SD_LISTEN_FDS_START, sd_listen_fds(3) */
#define HANDED_MAX 64  /* more than any unit has */
#define TEXT_MAX 128
#define TELL_MS 5000 /* a manager that is busy starting a machine; without the word it would wait for it much longer */

/* A number of the environment; 0 for none. */
static uint64_t number_of(const char *name)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 10) : 0;
}

static bool is_for_us(const char *name)
{
	uint64_t pid = number_of(name);

	return !pid || pid == (uint64_t)getpid();
}

/* A manager that does not read holds up the service for TELL_MS, the socket's limit; and what it will hear again, not at all. */
static void tell(const struct emf_notify *notify, const char *text, int flags)
{
	if (notify->fd >= 0 && send(notify->fd, text, strlen(text), MSG_NOSIGNAL | flags) < 0)
		emf_warn(NULL, "the service manager does not hear '%.*s': %s", (int)strcspn(text, "\n"), text, strerror(errno));
}

static void on_watchdog(struct emf_timer *timer)
{
	struct emf_notify *notify = emf_container_of(timer, struct emf_notify, watchdog);

	if (notify->fd >= 0)
		send(notify->fd, "WATCHDOG=1", strlen("WATCHDOG=1"), MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* "@name" is in the abstract namespace. */
static int connected_to(const char *name)
{
	const struct timeval limit = { .tv_sec = TELL_MS / 1000 };
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	size_t len = strlen(name);
	int fd;

	if ((name[0] != '/' && name[0] != '@') || len >= sizeof(addr.sun_path)) {
		emf_warn(NULL, "NOTIFY_SOCKET: %s is no name of a socket: the service manager is told nothing", name);
		return -1;
	}
	memcpy(addr.sun_path, name, len);
	if (name[0] == '@')
		addr.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&addr, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len))) {
		emf_warn(NULL, "NOTIFY_SOCKET: %s: %s: the service manager is told nothing", name, strerror(errno));
		close(fd);
		fd = -1;
	}
	if (fd >= 0)
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	return fd;
}

void emf_notify_init(struct emf_notify *notify)
{
	const char *name = getenv("NOTIFY_SOCKET");

	*notify = (struct emf_notify){ .fd = name ? connected_to(name) : -1, .watchdog = { .expired = on_watchdog } };
	/* No other process speaks for this one. What else the manager has set names this process. */
	unsetenv("NOTIFY_SOCKET");
}

void emf_notify_ready(struct emf_notify *notify, struct emf_loop *loop, size_t modules)
{
	uint64_t usec = is_for_us("WATCHDOG_PID") ? number_of("WATCHDOG_USEC") : 0;
	char text[TEXT_MAX];

	snprintf(text, sizeof(text), "READY=1\nSTATUS=%zu module%s", modules, modules == 1 ? " runs" : "s run");
	tell(notify, text, 0);
	if (notify->fd >= 0 && usec && !notify->is_watched)
		notify->is_watched = !emf_loop_start_timer(loop, NULL, &notify->watchdog, usec * 1000 / 2, usec * 1000 / 2);
}

void emf_notify_reloading(const struct emf_notify *notify)
{
	char text[TEXT_MAX];

	snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, emf_clock_now() / 1000);
	tell(notify, text, 0);
}

void emf_notify_fini(struct emf_notify *notify)
{
	if (!notify->watchdog.expired)
		return;
	emf_timer_stop(&notify->watchdog);
	tell(notify, "STOPPING=1", MSG_DONTWAIT);
	if (notify->fd >= 0)
		close(notify->fd);
	notify->fd = -1;
}

static bool is_number(int fd, int option, int wanted)
{
	int value = 0;
	socklen_t size = sizeof(value);

	return !getsockopt(fd, SOL_SOCKET, option, &value, &size) && value == wanted;
}

static bool is_at(int fd, const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNSPEC };
	socklen_t size = sizeof(addr) - 1; /* a NUL behind it */

	return !getsockname(fd, (struct sockaddr *)&addr, &size) && addr.sun_family == AF_UNIX && !strcmp(addr.sun_path, path);
}

int emf_notify_listener(const char *path)
{
	uint64_t n = getenv("LISTEN_PID") && is_for_us("LISTEN_PID") ? number_of("LISTEN_FDS") : 0;

	for (int fd = HANDED_FIRST; fd < HANDED_FIRST + (int)(n < HANDED_MAX ? n : HANDED_MAX); fd++) {
		if (!is_number(fd, SO_ACCEPTCONN, 1) || !is_number(fd, SO_TYPE, SOCK_SEQPACKET) || !is_at(fd, path))
			continue;
		if (fcntl(fd, F_SETFD, FD_CLOEXEC) || fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK))
			return -1;
		return fd;
	}
	return -1;
}
