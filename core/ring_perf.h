/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * ring_perf.h - perf buffers, delivered as ring buffers are.
 */
#ifndef EMF_CORE_RING_PERF_H
#define EMF_CORE_RING_PERF_H

#include "ring.h"

/* Return: what to poll, or a negative errno of perf_event_open(2), mmap(2), epoll_ctl(2). */
int emf_ring_perf_open(struct emf_ring *ring, int map_fd);

/* Delivers what is there; what was lost since is counted. */
int emf_ring_perf_consume(struct emf_ring *ring);

void emf_ring_perf_close(struct emf_ring *ring);

#endif
