/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * emf/loop.h - sources of the event loop: file descriptors, timers, signals.
 *
 * The caller embeds a source in a structure of its own and keeps it alive
 * until it was removed. Adding allocates nothing. A handler may remove its own
 * source or any other, also one that is ready in the same turn: a removed
 * source is never called again. What a module leaves behind is removed with
 * the module.
 */
#ifndef EMF_LOOP_H
#define EMF_LOOP_H

#include <emf/module.h>

#ifdef __cplusplus
extern "C" {
#endif

/* EMF's own part of every source; zero before it is added. */
struct emf_source {
	struct emf_source *prev, *next;
	struct emf_loop *loop;
	struct module *owner;
	int kind;
};

/**
 * struct emf_fd - a file descriptor to watch
 * @fd: stays the caller's; remove the source before closing it
 * @events: EPOLLIN, EPOLLOUT, ... as in epoll_ctl(2)
 * @ready: called with the events that are there
 * @source: EMF's own
 */
struct emf_fd {
	int fd;
	uint32_t events;
	void (*ready)(struct emf_fd *fd, uint32_t events);
	struct emf_source source;
};

/**
 * struct emf_timer - a point on the monotonic clock
 * @expired: called once per start, or once per interval
 * @at_ns: when it is next due; EMF's own
 * @interval_ns: 0 for a timer that runs once; EMF's own
 * @source: EMF's own
 */
struct emf_timer {
	void (*expired)(struct emf_timer *timer);
	uint64_t at_ns;
	uint64_t interval_ns;
	struct emf_source source;
};

/**
 * struct emf_signal - a signal that the process receives
 * @signo: any but SIGINT and SIGTERM, which end the product
 * @received: called on the loop thread, never inside the signal
 * @source: EMF's own
 */
struct emf_signal {
	int signo;
	void (*received)(struct emf_signal *signal);
	struct emf_source source;
};

/**
 * emf_fd_add() - watch a file descriptor
 * @m: the module it belongs to
 * @fd: fd, events and ready are set
 *
 * Context: loop thread.
 * Return: 0; -EINVAL if it was added already or has no handler; or what
 * epoll_ctl(2) reports: -EBADF, -EPERM for a regular file, -EEXIST, -ENOSPC.
 * Since: 0.1
 */
EMF_API int emf_fd_add(struct module *m, struct emf_fd *fd);

/**
 * emf_fd_modify() - watch for other events
 * @fd: a source that was added
 * @events: the new events
 *
 * Context: loop thread.
 * Return: 0; -EINVAL if it was not added; or what epoll_ctl(2) reports.
 * Since: 0.1
 */
EMF_API int emf_fd_modify(struct emf_fd *fd, uint32_t events);

/**
 * emf_fd_del() - watch no longer; fine on a source that was not added
 * @fd: the source
 *
 * Context: loop thread.
 * Since: 0.1
 */
EMF_API void emf_fd_del(struct emf_fd *fd);

/**
 * emf_timer_start() - start a timer, or start it anew
 * @m: the module it belongs to
 * @timer: expired is set
 * @after_ns: from now
 * @interval_ns: 0 to run once
 *
 * An interval that was missed is not made up for.
 *
 * Context: loop thread.
 * Return: 0; -EINVAL without a handler.
 * Since: 0.1
 */
EMF_API int emf_timer_start(struct module *m, struct emf_timer *timer, uint64_t after_ns,
			    uint64_t interval_ns);

/**
 * emf_timer_stop() - stop a timer; fine on one that does not run
 * @timer: the source
 *
 * Context: loop thread.
 * Since: 0.1
 */
EMF_API void emf_timer_stop(struct emf_timer *timer);

/**
 * emf_signal_add() - be told about a signal
 * @m: the module it belongs to
 * @signal: signo and received are set
 *
 * Several sources may share a signal.
 *
 * Context: loop thread.
 * Return: 0; -EINVAL if it was added already, has no handler, or the signal is
 * SIGINT, SIGTERM or one that cannot be caught; -EMFILE and the like from
 * signalfd(2).
 * Since: 0.1
 */
EMF_API int emf_signal_add(struct module *m, struct emf_signal *signal);

/**
 * emf_signal_del() - be told no longer; fine on a source that was not added
 * @signal: the source
 *
 * Context: loop thread.
 * Since: 0.1
 */
EMF_API void emf_signal_del(struct emf_signal *signal);

/**
 * emf_now_ns() - the monotonic clock, as the kernel's bpf_ktime_get_ns()
 *
 * Context: any thread.
 * Return: nanoseconds.
 * Since: 0.1
 */
EMF_API uint64_t emf_now_ns(void);

#ifdef __cplusplus
}
#endif

#endif
