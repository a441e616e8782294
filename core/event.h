/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * event.h - described events, from the core's side.
 */
#ifndef EMF_CORE_EVENT_H
#define EMF_CORE_EVENT_H

#include <emf/event.h>

struct emf_unit;

/* Opens the rings of all events of a module. 0, or what emf_ring_open() returns, in unit->why. */
int emf_event_open(struct emf_unit *unit);

/* Counts, prints and publishes one record that came through the ring of an event. */
void emf_event_deliver(struct module *m, const struct emf_event_source *event, const void *data, size_t size_bytes);

/* The heading of its table, if it has one. */
void emf_event_print_heading(struct emf_unit *unit);

#endif
