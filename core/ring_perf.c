// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * ring_perf.c - perf buffers, delivered as ring buffers are.
 */
#include "ring_perf.h"

#include <bpf/libbpf.h>
#include <emf/event.h>
#include <errno.h>

#define PAGES 64 /* of each processor, a power of two: 256 KiB of 4 KiB pages; where the event does not say */

static void on_sample(void *context, int cpu, void *data, uint32_t size)
{
	struct emf_ring *ring = context;

	(void)cpu;
	ring->received++;
	emf_ring_deliver(ring, data, size);
}

static void on_lost(void *context, int cpu, unsigned long long n)
{
	struct emf_ring *ring = context;

	(void)cpu;
	ring->lost += n;
}

int emf_ring_perf_open(struct emf_ring *ring, int map_fd)
{
	size_t pages = ring->event && ring->event->perf_pages ? ring->event->perf_pages : PAGES;

	/* libbpf tells every failure by errno. */
	ring->perf = perf_buffer__new(map_fd, pages, on_sample, on_lost, ring, NULL);
	return ring->perf ? perf_buffer__epoll_fd(ring->perf) : -errno;
}

int emf_ring_perf_consume(struct emf_ring *ring)
{
	/* What came before this is read, at most a buffer of each processor, and a turn ends. */
	return perf_buffer__consume(ring->perf);
}

void emf_ring_perf_close(struct emf_ring *ring)
{
	perf_buffer__free(ring->perf);
	ring->perf = NULL;
}
