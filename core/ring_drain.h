/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * ring_drain.h - ring buffers whose reader need not be woken: while records come, a timer
 * has a look at them; when they are rare, the next one wakes.
 */
#ifndef EMF_CORE_RING_DRAIN_H
#define EMF_CORE_RING_DRAIN_H

#include <stdint.h>

#include <emf/loop.h>

struct bpf_object;
struct emf_ring;
struct emf_unit;

/**
 * struct emf_ring_drain - the reader of the ring buffers of a module
 * @awake: emf_reader_awake of its kernel part, mapped; NULL if its programs wake as the
 *	kernel does
 * @timer: the next look
 * @idle: looks since the last record
 */
struct emf_ring_drain {
	volatile uint32_t *awake;
	struct emf_timer timer;
	unsigned int idle;
};

/* Before the kernel part is loaded: the word can be mapped. */
void emf_ring_drain_prepare(const struct bpf_object *object);

/* Maps the word; a kernel part without it, or a kernel that cannot map it, is none to tell of. */
void emf_ring_drain_open(struct emf_unit *unit, const struct bpf_object *object);
void emf_ring_drain_close(struct emf_unit *unit);

/* A record woke the reader. */
void emf_ring_drain_wake(struct emf_unit *unit);

#endif
