// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * ring.c - reading of ring buffers on the loop.
 */
#include "ring.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <emf/map.h>

#include "core.h"
#include "event.h"
#include "ring_perf.h"

/*
 * libbpf goes on as long as the producers do. A turn ends after this many records, so
 * that timers, signals and other modules have their turn; the rest is still ready then.
 */
#define RECORDS_PER_TURN 4096

/* struct emf_counts of include/emf/bpf.h */
struct counts {
	uint64_t sent, dropped, filtered;
};

void emf_ring_deliver(const struct emf_ring *ring, const void *data, size_t size)
{
	if (ring->event)
		emf_event_deliver(ring->m, ring->event, data, size);
	else
		ring->record(ring->m, data, size);
}

static int on_record(void *context, void *data, size_t size)
{
	struct emf_ring *ring = context;

	ring->received++;
	emf_ring_deliver(ring, data, size);
	return --ring->budget ? 0 : -EAGAIN; /* this one counts as consumed */
}

static size_t page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

/* Two loads for each turn; the kernel part pays nothing. */
static void see_high_water(struct emf_ring *ring)
{
	const unsigned long *read_up_to = ring->positions, *written_up_to;
	uint64_t waiting;

	if (!ring->positions)
		return;
	written_up_to = (const unsigned long *)((const char *)ring->positions + page_size());
	waiting = __atomic_load_n(written_up_to, __ATOMIC_RELAXED) - __atomic_load_n(read_up_to, __ATOMIC_RELAXED);
	if (waiting > ring->high_water)
		ring->high_water = waiting;
}

int emf_ring_consume(struct emf_ring *ring)
{
	if (ring->perf)
		return emf_ring_perf_consume(ring);
	if (!ring->buffer)
		return 0;
	see_high_water(ring);
	ring->budget = RECORDS_PER_TURN;
	return ring_buffer__consume(ring->buffer);
}

static void on_ready(struct emf_fd *fd, uint32_t events)
{
	struct emf_ring *ring = emf_container_of(fd, struct emf_ring, fd);

	(void)events;
	if (ring->m->unit->rings.drain.awake && !ring->is_perf)
		emf_ring_drain_wake(ring->m->unit);
	else
		emf_ring_consume(ring);
}

/* NULL for a ring that was not declared with EMF_RING(). */
static const struct bpf_map *find_counts(const struct bpf_object *obj, const char *name)
{
	char counts[EMF_RING_NAME_MAX + sizeof("_counts")];
	const struct bpf_map *map;

	snprintf(counts, sizeof(counts), "%s_counts", name);
	map = bpf_object__find_map_by_name(obj, counts);
	return map && bpf_map__value_size(map) == sizeof(struct counts) ? map : NULL;
}

/* What to poll, or a negative errno. */
static int open_buffer(struct emf_ring *ring, const struct bpf_map *map)
{
	ring->is_perf = bpf_map__type(map) == BPF_MAP_TYPE_PERF_EVENT_ARRAY;
	if (ring->is_perf)
		return emf_ring_perf_open(ring, bpf_map__fd(map));
	/* libbpf tells every failure by errno, -EINVAL for a map of another type. */
	ring->buffer = ring_buffer__new(bpf_map__fd(map), on_record, ring, NULL);
	if (!ring->buffer)
		return -errno;
	ring->positions = mmap(NULL, 2 * page_size(), PROT_READ, MAP_SHARED, bpf_map__fd(map), 0);
	if (ring->positions == MAP_FAILED)
		ring->positions = NULL;
	return bpf_map__fd(map);
}

static void close_buffer(struct emf_ring *ring)
{
	if (ring->perf)
		emf_ring_perf_close(ring);
	ring_buffer__free(ring->buffer);
	ring->buffer = NULL;
	if (ring->positions)
		munmap(ring->positions, 2 * page_size());
	ring->positions = NULL;
}

static int start(struct emf_unit *unit, struct emf_ring *ring, const struct bpf_map *map)
{
	int fd = open_buffer(ring, map), err;

	if (fd < 0)
		return fd;
	emf_ring_drain_open(unit, unit->object.head->obj);
	/* Who looks by a timer is told of wake-ups only, not of all that he has not yet read. */
	ring->fd = (struct emf_fd){ .fd = fd, .events = EPOLLIN | (unit->rings.drain.awake && !ring->is_perf ? EPOLLET : 0u), .ready = on_ready };
	err = emf_loop_add_fd(&unit->emf->loop, ring->m, &ring->fd);
	if (err)
		close_buffer(ring);
	return err;
}

/* --- of a module whose place is taken: one reads at a time, and where it stopped is in the map */

static bool is_same(const struct bpf_map *a, const struct bpf_map *b)
{
	struct bpf_map_info of_a = { 0 }, of_b = { 0 };
	__u32 size_a = sizeof(of_a), size_b = sizeof(of_b);

	return a && b && !bpf_obj_get_info_by_fd(bpf_map__fd(a), &of_a, &size_a) &&
	       !bpf_obj_get_info_by_fd(bpf_map__fd(b), &of_b, &size_b) && of_a.id == of_b.id;
}

static void borrow(struct emf_unit *from, struct emf_ring *ring, const struct bpf_map *map)
{
	for (size_t i = 0; i < from->rings.n; i++) {
		struct emf_ring *theirs = from->rings.rings[i];

		if (strcmp(theirs->name, ring->name) || theirs->is_lent ||
		    !is_same(bpf_object__find_map_by_name(from->object.head->obj, theirs->name), map))
			continue;
		/* What perf events have left nobody else can read; in a ring it stays. */
		if (theirs->is_perf)
			emf_ring_consume(theirs);
		emf_fd_del(&theirs->fd);
		close_buffer(theirs);
		theirs->is_lent = true;
		ring->received = theirs->received;
		ring->lost = theirs->lost;
		ring->high_water = theirs->high_water;
	}
}

void emf_ring_take_back(struct emf_unit *unit)
{
	for (size_t i = 0; i < unit->rings.n; i++) {
		struct emf_ring *ring = unit->rings.rings[i];
		int err = ring->is_lent ? start(unit, ring, bpf_object__find_map_by_name(unit->object.head->obj, ring->name)) : 0;

		ring->is_lent = false;
		if (err)
			emf_err(unit->m, "the ring '%s' cannot be read any more: %s; stop the module and start it again", ring->name, strerror(-err));
	}
	if (unit->rings.drain.awake)
		emf_ring_drain_wake(unit);
}

/* --- */

static int open_ring(struct module *m, const char *name, void (*record)(struct module *m, const void *data, size_t size_bytes),
		     const struct emf_event_source *event)
{
	struct emf_unit *unit = m->unit;
	struct emf_ring *ring;
	const struct bpf_map *map;
	int err;

	if (unit->rings.n == EMF_RINGS_MAX)
		return -ENOSPC;
	if (strlen(name) >= EMF_RING_NAME_MAX)
		return -ENAMETOOLONG;
	map = unit->object.head ? bpf_object__find_map_by_name(unit->object.head->obj, name) : NULL;
	if (!map)
		return -ENOENT;
	ring = calloc(1, sizeof(*ring));
	if (!ring)
		return -ENOMEM;
	ring->m = m;
	ring->record = record;
	ring->event = event;
	snprintf(ring->name, sizeof(ring->name), "%s", name);
	ring->counts = find_counts(unit->object.head->obj, name);
	if (unit->replaces)
		borrow(unit->replaces, ring, map);
	err = start(unit, ring, map);
	if (err)
		free(ring);
	else
		unit->rings.rings[unit->rings.n++] = ring;
	return err;
}

int emf_ring_open(struct module *m, const char *name,
		  void (*record)(struct module *m, const void *data, size_t size_bytes))
{
	return open_ring(m, name, record, NULL);
}

int emf_ring_open_event(struct module *m, const struct emf_event_source *event)
{
	return open_ring(m, event->ring, NULL, event);
}

void emf_ring_drain(struct emf_unit *unit)
{
	/*
	 * Its programs are detached; one that still runs may send a last record. No
	 * ring holds more than this many turns of the smallest records, so it ends.
	 */
	for (size_t i = 0; i < unit->rings.n; i++)
		for (int turns = 0; turns < 1 << 15 && emf_ring_consume(unit->rings.rings[i]) == -EAGAIN; turns++)
			;
}

void emf_ring_read_stopping(void *emf)
{
	const struct emf_registry *registry = &((struct emf *)emf)->registry;

	for (size_t u = 0; u < registry->n; u++)
		for (size_t i = 0; registry->units[u]->state == EMF_UNIT_STOPPING && i < registry->units[u]->rings.n; i++)
			emf_ring_consume(registry->units[u]->rings.rings[i]);
}

void emf_ring_report_lost(const struct emf_unit *unit)
{
	struct emf_ring_counts counts;

	for (size_t i = 0; i < unit->rings.n; i++)
		if (!unit->rings.rings[i]->is_lent && !emf_ring_read_counts(unit->rings.rings[i], &counts) && counts.dropped)
			emf_warn(unit->m, "%" PRIu64 " of %" PRIu64 " records were lost, because the ring '%s' was full",
				 counts.dropped, counts.seen, unit->rings.rings[i]->name);
}

void emf_ring_close(struct emf_unit *unit)
{
	emf_ring_drain_close(unit);
	for (size_t i = 0; i < unit->rings.n; i++) {
		struct emf_ring *ring = unit->rings.rings[i];

		emf_ring_read_counts(ring, &ring->last);
		emf_fd_del(&ring->fd);
		close_buffer(ring);
	}
}

void emf_ring_set_fini(struct emf_ring_set *set)
{
	while (set->n)
		free(set->rings[--set->n]);
}

static int read_counts(const struct bpf_map *map, struct emf_ring_counts *counts)
{
	size_t cpus = (size_t)emf_cpus();
	struct counts *each = calloc(cpus, sizeof(*each));
	uint32_t zero = 0;
	int err;

	if (!each)
		return -ENOMEM;
	/* Of a kernel part that was built with another version it may be of another size. */
	err = bpf_map__value_size(map) == sizeof(*each) ? bpf_map_lookup_elem(bpf_map__fd(map), &zero, each) : -EPROTO;
	if (!err)
		*counts = (struct emf_ring_counts){ 0 };
	for (size_t i = 0; !err && i < cpus; i++) {
		counts->seen += each[i].sent + each[i].dropped;
		counts->sent += each[i].sent;
		counts->dropped += each[i].dropped;
		counts->filtered += each[i].filtered;
	}
	free(each);
	return err;
}

int emf_ring_read_counts(const struct emf_ring *ring, struct emf_ring_counts *counts)
{
	if (ring->is_perf) {
		*counts = (struct emf_ring_counts){ ring->received + ring->lost, ring->received, ring->lost, 0 };
		return 0;
	}
	if (!ring->counts)
		return -ENOENT;
	if (ring->buffer)
		return read_counts(ring->counts, counts);
	*counts = ring->last;
	return 0;
}
