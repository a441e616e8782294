/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * ring.h - ring buffers and perf buffers of a module, and what was lost on them.
 */
#ifndef EMF_CORE_RING_H
#define EMF_CORE_RING_H

#include <emf/ring.h>

#include "loop.h"
#include "ring_drain.h"

#define EMF_RINGS_MAX 8      /* of one module */
#define EMF_RING_NAME_MAX 48 /* longer names of maps cannot be rings */

struct bpf_map;
struct emf_event_source;
struct emf_unit;
struct perf_buffer;
struct ring_buffer;

/* Seen by the kernel part = sent + dropped; what it filtered was not wanted. */
struct emf_ring_counts {
	uint64_t seen, sent, dropped, filtered;
};

struct emf_ring {
	char name[EMF_RING_NAME_MAX];
	struct module *m;
	struct ring_buffer *buffer; /* NULL when closed; what was counted stays */
	struct perf_buffer *perf;   /* instead of it, of one that @is_perf */
	bool is_perf;
	bool is_lent; /* another module reads it now, and has what was counted */
	struct emf_fd fd;
	void (*record)(struct module *m, const void *data, size_t size_bytes);
	const struct emf_event_source *event; /* instead of @record */
	const struct bpf_map *counts; /* <name>_counts, or NULL */
	void *positions;	      /* of who reads, and, a page later, of who writes; NULL if they cannot be mapped */
	uint64_t high_water;	      /* bytes that waited when they were looked at, at most */
	uint64_t received;
	uint64_t lost; /* of a perf buffer: the kernel counts for it */
	unsigned int budget; /* records that may still be delivered in this turn */
	struct emf_ring_counts last; /* when it was closed */
};

struct emf_ring_set {
	struct emf_ring *rings[EMF_RINGS_MAX]; /* made when they are opened */
	size_t n;
	struct emf_ring_drain drain;
};

/* As emf_ring_open(), and the core does with each record what the event says. */
int emf_ring_open_event(struct module *m, const struct emf_event_source *event);

/* Hands one record on. */
void emf_ring_deliver(const struct emf_ring *ring, const void *data, size_t size);

/* Delivers what is there, as many as a turn may take. How many, or -EAGAIN when more are there. */
int emf_ring_consume(struct emf_ring *ring);

/* Delivers what is there, once nothing more can come. */
void emf_ring_drain(struct emf_unit *unit);

/* Of all modules of @emf that are being stopped: to detach their programs takes a while, and these go on. */
void emf_ring_read_stopping(void *emf);

/* Forgets closed rings and what was counted on them. */
void emf_ring_set_fini(struct emf_ring_set *set);

/* Warns of records that were dropped. */
void emf_ring_report_lost(const struct emf_unit *unit);

void emf_ring_close(struct emf_unit *unit);

/* Those that a module has lent to the one that was to take its place. */
void emf_ring_take_back(struct emf_unit *unit);

/* Summed over all CPUs; 0, or -ENOENT for a ring buffer without counts. */
int emf_ring_read_counts(const struct emf_ring *ring, struct emf_ring_counts *counts);

#endif
