// SPDX-License-Identifier: BSD-2-Clause
/*
 * ring_perf.c - perf buffers, delivered as ring buffers are.
 */
#include "ring_perf.h"

#include <bpf/libbpf.h>
#include <errno.h>

#define PAGES 64 /* of each processor, a power of two: 256 KiB of 4 KiB pages */

static void on_sample(void *context, int cpu, void *data, uint32_t size)
{
	struct emf_ring *ring = context;

	(void)cpu;
	ring->received++;
	ring->record(ring->m, data, size);
}

static void on_lost(void *context, int cpu, unsigned long long n)
{
	struct emf_ring *ring = context;

	(void)cpu;
	ring->lost += n;
}

int emf_ring_perf_open(struct emf_ring *ring, int map_fd)
{
	/* libbpf tells every failure by errno. */
	ring->perf = perf_buffer__new(map_fd, PAGES, on_sample, on_lost, ring, NULL);
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
