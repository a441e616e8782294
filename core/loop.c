// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * loop.c - the event loop on epoll, and its file descriptor sources.
 */
#include "loop.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

void (*emf_loop_ran)(struct module *owner, uint64_t ns);

void emf_source_list_init(struct emf_source *head)
{
	head->prev = head->next = head;
}

void emf_source_insert(struct emf_source *before, struct emf_source *source)
{
	source->next = before;
	source->prev = before->prev;
	before->prev->next = source;
	before->prev = source;
}

void emf_source_remove(struct emf_source *source)
{
	source->prev->next = source->next;
	source->next->prev = source->prev;
	memset(source, 0, sizeof(*source));
}

int emf_loop_init(struct emf_loop *loop)
{
	int err;

	memset(loop, 0, sizeof(*loop));
	emf_source_list_init(&loop->fds);
	emf_source_list_init(&loop->timers);
	emf_source_list_init(&loop->signals);
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll_fd < 0)
		return -errno;
	err = emf_loop_init_timers(loop);
	if (err) {
		close(loop->epoll_fd);
		return err;
	}
	emf_loop_init_signals(loop);
	return 0;
}

void emf_loop_fini(struct emf_loop *loop)
{
	emf_loop_fini_signals(loop);
	emf_loop_fini_timers(loop);
	close(loop->epoll_fd);
	loop->epoll_fd = -1;
}

static void call(struct emf_fd *fd, uint32_t events)
{
	struct module *owner = fd->source.owner; /* the handler may remove the source */
	uint64_t began = emf_loop_begin(owner);

	fd->ready(fd, events);
	emf_loop_end(owner, began);
}

static void count(struct emf_loop *loop, uint64_t ns)
{
	loop->turns++;
	loop->busy_ns += ns;
	if (ns > loop->longest_ns)
		loop->longest_ns = ns;
}

int emf_loop_turn(struct emf_loop *loop, int timeout_ms)
{
	uint64_t began;
	int n;

	emf_loop_arm_timers(loop);
	n = epoll_wait(loop->epoll_fd, loop->batch, EMF_LOOP_BATCH, timeout_ms);
	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	began = emf_now_ns();
	loop->batch_n = n;
	for (loop->batch_at = 0; loop->batch_at < loop->batch_n; loop->batch_at++) {
		struct epoll_event *event = &loop->batch[loop->batch_at];
		struct emf_fd *fd = event->data.ptr;

		/* NULL: an earlier handler of this turn removed it. */
		if (fd)
			call(fd, event->events);
	}
	loop->batch_n = 0;
	count(loop, emf_now_ns() - began);
	return 0;
}

int emf_loop_add_fd(struct emf_loop *loop, struct module *owner, struct emf_fd *fd)
{
	struct epoll_event event = { .events = fd->events, .data.ptr = fd };

	if (!fd->ready || fd->source.kind != EMF_SOURCE_NONE)
		return -EINVAL;
	if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd->fd, &event))
		return -errno;
	fd->source = (struct emf_source){ .loop = loop, .owner = owner, .kind = EMF_SOURCE_FD };
	emf_source_insert(&loop->fds, &fd->source);
	return 0;
}

int emf_fd_modify(struct emf_fd *fd, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = fd };

	if (fd->source.kind != EMF_SOURCE_FD)
		return -EINVAL;
	if (epoll_ctl(fd->source.loop->epoll_fd, EPOLL_CTL_MOD, fd->fd, &event))
		return -errno;
	fd->events = events;
	return 0;
}

void emf_fd_del(struct emf_fd *fd)
{
	struct emf_loop *loop = fd->source.loop;

	if (fd->source.kind != EMF_SOURCE_FD)
		return;
	epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, fd->fd, NULL);
	for (int i = loop->batch_at + 1; i < loop->batch_n; i++)
		if (loop->batch[i].data.ptr == fd)
			loop->batch[i].data.ptr = NULL;
	emf_source_remove(&fd->source);
}

static void remove_owned(struct emf_source *head, const struct module *owner)
{
	struct emf_source *source = head->next;

	while (source != head) {
		struct emf_source *next = source->next;

		if (source->owner == owner) {
			if (source->kind == EMF_SOURCE_FD)
				emf_fd_del(emf_container_of(source, struct emf_fd, source));
			else if (source->kind == EMF_SOURCE_TIMER)
				emf_timer_stop(emf_container_of(source, struct emf_timer, source));
			else
				emf_signal_del(emf_container_of(source, struct emf_signal, source));
		}
		source = next;
	}
}

void emf_loop_remove_owner(struct emf_loop *loop, const struct module *owner)
{
	remove_owned(&loop->fds, owner);
	remove_owned(&loop->timers, owner);
	remove_owned(&loop->signals, owner);
}
