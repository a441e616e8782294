// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * timer.c - timers of the loop: one timerfd, set to the soonest of a sorted
 * list. A product has a handful of timers, so a list beats a heap.
 */
#include <errno.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "loop.h"

#define NS_PER_S 1000000000ull

uint64_t emf_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

uint64_t emf_cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

/* A time beyond the end of the clock, after 584 years, is never: no wrap to the past. */
static uint64_t later(uint64_t at_ns, uint64_t by_ns)
{
	return by_ns > UINT64_MAX - at_ns ? UINT64_MAX : at_ns + by_ns;
}

static void insert(struct emf_loop *loop, struct emf_timer *timer)
{
	struct emf_source *at = loop->timers.prev;

	/* From the end: most timers start last and expire last. */
	while (at != &loop->timers &&
	       emf_container_of(at, struct emf_timer, source)->at_ns > timer->at_ns)
		at = at->prev;
	emf_source_insert(at->next, &timer->source);
}

static void expire(struct emf_fd *fd, uint32_t events)
{
	struct emf_loop *loop = fd->source.loop;
	uint64_t now = emf_now_ns();
	uint64_t ticks;

	(void)events;
	if (read(fd->fd, &ticks, sizeof(ticks)) > 0)
		loop->timer_armed_ns = 0;
	while (loop->timers.next != &loop->timers) {
		struct emf_timer *timer =
			emf_container_of(loop->timers.next, struct emf_timer, source);
		struct module *owner = timer->source.owner;
		uint64_t began;

		/* A timer started by a handler is due after @now: this loop ends. */
		if (timer->at_ns > now)
			break;
		emf_source_remove(&timer->source);
		if (timer->interval_ns) {
			timer->at_ns = later(timer->at_ns, timer->interval_ns);
			if (timer->at_ns <= now)
				timer->at_ns = later(now, timer->interval_ns);
			timer->source = (struct emf_source){ .loop = loop, .owner = owner,
							     .kind = EMF_SOURCE_TIMER };
			insert(loop, timer);
		}
		began = emf_loop_begin(owner);
		timer->expired(timer);
		emf_loop_end(owner, began);
	}
}

int emf_loop_init_timers(struct emf_loop *loop)
{
	int err;

	loop->timer_fd.fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (loop->timer_fd.fd < 0)
		return -errno;
	loop->timer_fd.events = EPOLLIN;
	loop->timer_fd.ready = expire;
	err = emf_loop_add_fd(loop, NULL, &loop->timer_fd);
	if (err)
		close(loop->timer_fd.fd);
	return err;
}

void emf_loop_fini_timers(struct emf_loop *loop)
{
	emf_fd_del(&loop->timer_fd);
	close(loop->timer_fd.fd);
}

void emf_loop_arm_timers(struct emf_loop *loop)
{
	struct itimerspec spec = { 0 };
	uint64_t at = 0;

	if (loop->timers.next != &loop->timers)
		at = emf_container_of(loop->timers.next, struct emf_timer, source)->at_ns;
	/* An early wake-up of a stopped timer is harmless; a system call is saved. */
	if (at == loop->timer_armed_ns || (!at && loop->timer_armed_ns))
		return;
	spec.it_value.tv_sec = (time_t)(at / NS_PER_S);
	spec.it_value.tv_nsec = (long)(at % NS_PER_S);
	timerfd_settime(loop->timer_fd.fd, TFD_TIMER_ABSTIME, &spec, NULL);
	loop->timer_armed_ns = at;
}

int emf_loop_start_timer(struct emf_loop *loop, struct module *owner, struct emf_timer *timer,
			 uint64_t after_ns, uint64_t interval_ns)
{
	if (!timer->expired)
		return -EINVAL;
	emf_timer_stop(timer);
	timer->at_ns = later(emf_now_ns() + 1, after_ns); /* never 0, never in the same pass */
	timer->interval_ns = interval_ns;
	timer->source = (struct emf_source){ .loop = loop, .owner = owner, .kind = EMF_SOURCE_TIMER };
	insert(loop, timer);
	return 0;
}

void emf_timer_stop(struct emf_timer *timer)
{
	if (timer->source.kind == EMF_SOURCE_TIMER)
		emf_source_remove(&timer->source);
}
