/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ring.h - ring buffers of a module, and what was lost on them.
 */
#ifndef EMF_CORE_RING_H
#define EMF_CORE_RING_H

#include <emf/ring.h>

#include "loop.h"

#define EMF_RINGS_MAX 8 /* of one module */

struct bpf_map;
struct emf_unit;
struct ring_buffer;

struct emf_ring {
	const char *name;
	struct module *m;
	struct ring_buffer *buffer;
	struct emf_fd fd;
	void (*record)(struct module *m, const void *data, size_t size_bytes);
	const struct bpf_map *counts; /* <name>_counts, or NULL */
	uint64_t received;
};

struct emf_ring_set {
	struct emf_ring rings[EMF_RINGS_MAX];
	size_t n;
};

/* Seen by the kernel part = sent + dropped. */
struct emf_ring_counts {
	uint64_t seen, sent, dropped;
};

/* Delivers what is there. */
void emf_ring_drain(struct emf_unit *unit);
void emf_ring_close(struct emf_unit *unit);

/* Summed over all CPUs; 0, or -ENOENT for a ring without counts. */
int emf_ring_read_counts(const struct emf_ring *ring, struct emf_ring_counts *counts);

#endif
