// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * ring_drain.c - looks at ring buffers by a timer.
 *
 * The kernel part reads a word that lies in a mapped map, and wakes nobody while it is not
 * zero. Before the reader sleeps it sets the word to zero, waits another look, by when every
 * processor has seen that, and asks the kernel whether a record is in the making: one that
 * was reserved while the word said "awake" is found by one of both.
 */
#include "ring_drain.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core.h"

#define SECTION ".data.emf" /* emf_reader_awake, include/emf/alone.h */
#define LOOK_NS UINT64_C(1000000)
#define LOOK_AGAIN_NS UINT64_C(1) /* more is there than a turn may take */
#define SLOW_AFTER 4 /* looks without a record; then they are half as many */
#define SLEEP_AFTER 8

static void look_after(struct emf_unit *unit, uint64_t ns)
{
	emf_loop_start_timer(&unit->emf->loop, unit->m, &unit->rings.drain.timer, ns, 0);
}

/* Records that came, or -EAGAIN when more are there. Perf buffers have a wake-up of their own. */
static int consume_all(struct emf_unit *unit)
{
	int n = 0;
	bool more = false;

	for (size_t i = 0; i < unit->rings.n; i++) {
		struct emf_ring *ring = unit->rings.rings[i];
		int got = ring->is_perf || !ring->buffer ? 0 : emf_ring_consume(ring);

		more |= got == -EAGAIN;
		n += got > 0 ? got : 0;
	}
	return more ? -EAGAIN : n;
}

static bool is_one_under_way(const struct emf_unit *unit)
{
	for (size_t i = 0; i < unit->rings.n; i++) {
		struct pollfd fd = { .fd = unit->rings.rings[i]->fd.fd, .events = POLLIN };

		if (!unit->rings.rings[i]->is_perf && poll(&fd, 1, 0) > 0)
			return true;
	}
	return false;
}

static void look(struct emf_timer *timer)
{
	struct emf_unit *unit = emf_container_of(timer, struct emf_unit, rings.drain.timer);
	struct emf_ring_drain *drain = &unit->rings.drain;
	int n = consume_all(unit);

	if (n) {
		drain->idle = 0;
		*drain->awake = 1;
		look_after(unit, n == -EAGAIN ? LOOK_AGAIN_NS : LOOK_NS);
		return;
	}
	if (*drain->awake) {
		if (++drain->idle == SLEEP_AFTER)
			*drain->awake = 0;
		look_after(unit, drain->idle > SLOW_AFTER ? 2 * LOOK_NS : LOOK_NS);
		return;
	}
	/* Asleep since the last look. */
	if (is_one_under_way(unit))
		look_after(unit, LOOK_NS);
}

void emf_ring_drain_wake(struct emf_unit *unit)
{
	struct emf_ring_drain *drain = &unit->rings.drain;

	drain->idle = 0;
	*drain->awake = 1;
	look_after(unit, consume_all(unit) == -EAGAIN ? LOOK_AGAIN_NS : LOOK_NS);
}

void emf_ring_drain_prepare(const struct bpf_object *object)
{
	struct bpf_map *map = bpf_object__find_map_by_name(object, SECTION);

	/* libbpf does it for variables that others can name; and takes it back on kernels before 5.5. */
	if (map)
		bpf_map__set_map_flags(map, bpf_map__map_flags(map) | BPF_F_MMAPABLE);
}

static size_t page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

void emf_ring_drain_open(struct emf_unit *unit, const struct bpf_object *object)
{
	struct emf_ring_drain *drain = &unit->rings.drain;
	const struct bpf_map *map = bpf_object__find_map_by_name(object, SECTION);
	void *page;

	if (!map || drain->awake)
		return;
	page = mmap(NULL, page_size(), PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);
	if (page == MAP_FAILED)
		return;
	drain->awake = page;
	drain->timer.expired = look;
	/* Of a map that stayed, unit_pin.h: who was awake has ended, and nobody would be woken. */
	if (*drain->awake)
		look_after(unit, LOOK_NS);
}

void emf_ring_drain_close(struct emf_unit *unit)
{
	struct emf_ring_drain *drain = &unit->rings.drain;

	if (!drain->awake)
		return;
	emf_timer_stop(&drain->timer);
	/* Another process may have the map, and a program that still runs. */
	*drain->awake = 0;
	munmap((void *)drain->awake, page_size());
	drain->awake = NULL;
}
