/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * worker.h - the one thread beside the loop, for calls that block: closing a
 * perf-based link waits for a grace period of 70 ms and more.
 */
#ifndef EMF_CORE_WORKER_H
#define EMF_CORE_WORKER_H

#include <pthread.h>

#include "loop.h"

/**
 * struct emf_work - one call that may block; the caller embeds it
 * @run: on the worker thread
 * @done: on the loop thread, afterwards; the work may be reused or freed there
 * @next: EMF's own
 */
struct emf_work {
	void (*run)(struct emf_work *work);
	void (*done)(struct emf_work *work);
	struct emf_work *next;
};

struct emf_work_queue {
	struct emf_work *first, **last;
};

struct emf_worker {
	pthread_t thread;
	bool started;
	bool ending;
	unsigned int pending; /* submitted, done not yet called; loop thread only */
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct emf_work_queue todo, finished; /* under lock */
	struct emf_fd done_fd;
};

/* 0 or what eventfd(2) reports. The thread starts with the first work. */
int emf_worker_init(struct emf_worker *worker, struct emf_loop *loop);

/* Waits for all work that was submitted, then ends the thread. */
void emf_worker_fini(struct emf_worker *worker);

/* Works run in the order of submission. Should no thread be had, runs here. */
void emf_worker_submit(struct emf_worker *worker, struct emf_work *work);

/* Waits until done was called for all that was submitted; @meanwhile is called each millisecond, or NULL. Loop thread. */
void emf_worker_flush(struct emf_worker *worker, void (*meanwhile)(void *arg), void *arg);

#endif
