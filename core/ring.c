// SPDX-License-Identifier: BSD-2-Clause
/*
 * ring.c - reading of ring buffers on the loop.
 */
#include "ring.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <emf/map.h>

#include "core.h"

static int on_record(void *context, void *data, size_t size)
{
	struct emf_ring *ring = context;

	ring->received++;
	ring->record(ring->m, data, size);
	return 0;
}

static void on_ready(struct emf_fd *fd, uint32_t events)
{
	struct emf_ring *ring = emf_container_of(fd, struct emf_ring, fd);

	(void)events;
	ring_buffer__consume(ring->buffer);
}

static const struct bpf_map *find_counts(const struct bpf_object *obj, const char *name)
{
	char counts[64];

	snprintf(counts, sizeof(counts), "%.50s_counts", name);
	return bpf_object__find_map_by_name(obj, counts);
}

int emf_ring_open(struct module *m, const char *name,
		  void (*record)(struct module *m, const void *data, size_t size_bytes))
{
	struct emf_unit *unit = m->unit;
	struct emf_ring *ring = &unit->rings.rings[unit->rings.n];
	const struct bpf_map *map;
	int err;

	if (!unit->object.head || unit->rings.n == EMF_RINGS_MAX)
		return -ENOENT;
	map = bpf_object__find_map_by_name(unit->object.head->obj, name);
	if (!map)
		return -ENOENT;
	*ring = (struct emf_ring){ .name = bpf_map__name(map), .m = m, .record = record };
	/* libbpf tells every failure by errno, -EINVAL for a map of another type. */
	ring->buffer = ring_buffer__new(bpf_map__fd(map), on_record, ring, NULL);
	if (!ring->buffer)
		return -errno;
	ring->counts = find_counts(unit->object.head->obj, name);
	ring->fd = (struct emf_fd){ .fd = ring_buffer__epoll_fd(ring->buffer), .events = EPOLLIN,
				    .ready = on_ready };
	err = emf_loop_add_fd(&unit->emf->loop, m, &ring->fd);
	if (err) {
		ring_buffer__free(ring->buffer);
		return err;
	}
	unit->rings.n++;
	return 0;
}

void emf_ring_drain(struct emf_unit *unit)
{
	for (size_t i = 0; i < unit->rings.n; i++)
		ring_buffer__consume(unit->rings.rings[i].buffer);
}

void emf_ring_close(struct emf_unit *unit)
{
	for (size_t i = 0; i < unit->rings.n; i++) {
		emf_fd_del(&unit->rings.rings[i].fd);
		ring_buffer__free(unit->rings.rings[i].buffer);
	}
	unit->rings.n = 0;
}

int emf_ring_read_counts(const struct emf_ring *ring, struct emf_ring_counts *counts)
{
	size_t cpus = (size_t)emf_cpus();
	struct emf_ring_counts *each;
	uint32_t zero = 0;
	int err;

	if (!ring->counts || bpf_map__value_size(ring->counts) != sizeof(*each))
		return -ENOENT;
	each = calloc(cpus, sizeof(*each));
	if (!each)
		return -ENOMEM;
	err = bpf_map_lookup_elem(bpf_map__fd(ring->counts), &zero, each);
	*counts = (struct emf_ring_counts){ 0 };
	for (size_t i = 0; !err && i < cpus; i++) {
		counts->seen += each[i].seen;
		counts->sent += each[i].sent;
		counts->dropped += each[i].dropped;
	}
	free(each);
	return err;
}
