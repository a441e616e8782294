/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * notify.h - what a service manager is told, and what it hands over: the protocols of sd_notify(3) and
 * sd_listen_fds(3), without their library. Without a manager nothing happens.
 */
#ifndef EMF_CORE_NOTIFY_H
#define EMF_CORE_NOTIFY_H

#include <emf/loop.h>
#include <stdbool.h>

/**
 * struct emf_notify - the manager of a service
 * @fd: a socket to it; -1 without one
 * @is_watched: the timer runs
 * @watchdog: tells it that the loop turns, twice in the time that it waits
 */
struct emf_notify {
	int fd;
	bool is_watched;
	struct emf_timer watchdog;
};

/* Finds it. Its address goes from the environment, so that no other process speaks for this one. */
void emf_notify_init(struct emf_notify *notify);

/* The service runs, and the loop turns from here on: @modules of them. */
void emf_notify_ready(struct emf_notify *notify, struct emf_loop *loop, size_t modules);

/* The configuration is read again, and emf_notify_ready() follows. */
void emf_notify_reloading(const struct emf_notify *notify);

/* It ends. Nothing is told any more; fine without emf_notify_init(). */
void emf_notify_fini(struct emf_notify *notify);

/**
 * emf_notify_listener() - a listening socket that the manager has handed over
 * @path: of the socket, AF_UNIX, SOCK_SEQPACKET
 *
 * Return: a file descriptor, which is taken; or -1, if there is none of that path.
 */
int emf_notify_listener(const char *path);

#endif
