// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * worker.c - the thread for calls that block.
 */
#include "worker.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

static void queue_init(struct emf_work_queue *queue)
{
	queue->first = NULL;
	queue->last = &queue->first;
}

static void queue_push(struct emf_work_queue *queue, struct emf_work *work)
{
	work->next = NULL;
	*queue->last = work;
	queue->last = &work->next;
}

static struct emf_work *queue_pop(struct emf_work_queue *queue)
{
	struct emf_work *work = queue->first;

	if (work) {
		queue->first = work->next;
		if (!queue->first)
			queue->last = &queue->first;
	}
	return work;
}

static void *worker_main(void *arg)
{
	struct emf_worker *worker = arg;
	uint64_t one = 1;

	pthread_mutex_lock(&worker->lock);
	for (;;) {
		struct emf_work *work = queue_pop(&worker->todo);

		if (!work) {
			if (worker->ending)
				break;
			pthread_cond_wait(&worker->wake, &worker->lock);
			continue;
		}
		pthread_mutex_unlock(&worker->lock);
		work->run(work);
		pthread_mutex_lock(&worker->lock);
		queue_push(&worker->finished, work);
		if (write(worker->done_fd.fd, &one, sizeof(one)) < 0)
			continue; /* the counter is full: the loop is woken anyway */
	}
	pthread_mutex_unlock(&worker->lock);
	return NULL;
}

static void deliver(struct emf_worker *worker)
{
	struct emf_work *work;

	for (;;) {
		pthread_mutex_lock(&worker->lock);
		work = queue_pop(&worker->finished);
		pthread_mutex_unlock(&worker->lock);
		if (!work)
			return;
		worker->pending--;
		work->done(work);
	}
}

static void finished(struct emf_fd *fd, uint32_t events)
{
	uint64_t count;

	(void)events;
	if (read(fd->fd, &count, sizeof(count)) > 0)
		deliver(emf_container_of(fd, struct emf_worker, done_fd));
}

int emf_worker_init(struct emf_worker *worker, struct emf_loop *loop)
{
	int err;

	*worker = (struct emf_worker){ 0 };
	pthread_mutex_init(&worker->lock, NULL);
	pthread_cond_init(&worker->wake, NULL);
	queue_init(&worker->todo);
	queue_init(&worker->finished);
	worker->done_fd = (struct emf_fd){ .fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
					   .events = EPOLLIN, .ready = finished };
	if (worker->done_fd.fd < 0)
		return -errno;
	err = emf_loop_add_fd(loop, NULL, &worker->done_fd);
	if (err)
		close(worker->done_fd.fd);
	return err;
}

static int start(struct emf_worker *worker)
{
	sigset_t all, before;
	int err;

	/* Signals are the loop thread's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&worker->thread, NULL, worker_main, worker);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	worker->started = !err;
	return -err;
}

void emf_worker_submit(struct emf_worker *worker, struct emf_work *work)
{
	if (!worker->started && start(worker)) {
		work->run(work);
		work->done(work);
		return;
	}
	worker->pending++;
	pthread_mutex_lock(&worker->lock);
	queue_push(&worker->todo, work);
	pthread_cond_signal(&worker->wake);
	pthread_mutex_unlock(&worker->lock);
}

void emf_worker_flush(struct emf_worker *worker, void (*meanwhile)(void *arg), void *arg)
{
	struct pollfd wait = { .fd = worker->done_fd.fd, .events = POLLIN };

	/* First what was announced already: inside done, the event has been read. */
	deliver(worker);
	while (worker->pending) {
		if (poll(&wait, 1, meanwhile ? 1 : 100) > 0)
			finished(&worker->done_fd, 0);
		else
			deliver(worker); /* what could not be announced */
		if (worker->pending && meanwhile)
			meanwhile(arg);
	}
}

void emf_worker_fini(struct emf_worker *worker)
{
	emf_worker_flush(worker, NULL, NULL);
	if (worker->started) {
		pthread_mutex_lock(&worker->lock);
		worker->ending = true;
		pthread_cond_signal(&worker->wake);
		pthread_mutex_unlock(&worker->lock);
		pthread_join(worker->thread, NULL);
	}
	emf_fd_del(&worker->done_fd);
	close(worker->done_fd.fd);
	pthread_cond_destroy(&worker->wake);
	pthread_mutex_destroy(&worker->lock);
}
