/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * loop.h - the event loop. One thread turns it; see include/emf/loop.h for the
 * rules of its sources.
 */
#ifndef EMF_CORE_LOOP_H
#define EMF_CORE_LOOP_H

#include <signal.h>
#include <sys/epoll.h>

#include <emf/loop.h>

#define EMF_LOOP_BATCH 64 /* events taken from the kernel at once */

struct emf_loop {
	int epoll_fd;
	struct emf_source fds;     /* list heads */
	struct emf_source timers;  /* soonest first */
	struct emf_source signals;
	struct emf_source *next_signal; /* where the dispatch of a signal goes on */
	struct epoll_event batch[EMF_LOOP_BATCH];
	int batch_at, batch_n;
	struct emf_fd timer_fd;
	uint64_t timer_armed_ns; /* what timer_fd is set to; 0 for nothing */
	struct emf_fd signal_fd;
	sigset_t signal_mask;
	uint64_t turns, busy_ns, longest_ns; /* of handlers: all in all, and of the longest turn */
};

/*
 * Who is told how much of a processor a handler of a module took; NULL while nobody
 * measures, and then no clock is read. What a handler calls of other modules counts as
 * its own.
 */
extern void (*emf_loop_ran)(struct module *owner, uint64_t ns);

/* Of this thread: a system call. */
uint64_t emf_cpu_ns(void);

static inline uint64_t emf_loop_begin(const struct module *owner)
{
	return emf_loop_ran && owner ? emf_cpu_ns() : 0;
}

static inline void emf_loop_end(struct module *owner, uint64_t began_ns)
{
	if (began_ns && emf_loop_ran)
		emf_loop_ran(owner, emf_cpu_ns() - began_ns);
}

/* 0 or what epoll_create1(2), timerfd_create(2) report. */
int emf_loop_init(struct emf_loop *loop);
void emf_loop_fini(struct emf_loop *loop);

/**
 * emf_loop_turn() - wait for events and call their handlers
 * @loop: the loop
 * @timeout_ms: -1 for no limit
 *
 * Return: 0, also when a signal interrupted the wait; or a negative errno.
 */
int emf_loop_turn(struct emf_loop *loop, int timeout_ms);

/* As the public ones, for sources of the core; @owner may be NULL. */
int emf_loop_add_fd(struct emf_loop *loop, struct module *owner, struct emf_fd *fd);
int emf_loop_start_timer(struct emf_loop *loop, struct module *owner, struct emf_timer *timer,
			 uint64_t after_ns, uint64_t interval_ns);
int emf_loop_add_signal(struct emf_loop *loop, struct module *owner, struct emf_signal *signal);

/* Removes every source that the module left behind. */
void emf_loop_remove_owner(struct emf_loop *loop, const struct module *owner);

/* --- between the files of the loop --- */

enum emf_source_kind { EMF_SOURCE_NONE, EMF_SOURCE_FD, EMF_SOURCE_TIMER, EMF_SOURCE_SIGNAL };

#define emf_container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

void emf_source_list_init(struct emf_source *head);
void emf_source_insert(struct emf_source *before, struct emf_source *source);
void emf_source_remove(struct emf_source *source);

int emf_loop_init_timers(struct emf_loop *loop);
void emf_loop_fini_timers(struct emf_loop *loop);
void emf_loop_arm_timers(struct emf_loop *loop);
void emf_loop_init_signals(struct emf_loop *loop);
void emf_loop_fini_signals(struct emf_loop *loop);

#endif
