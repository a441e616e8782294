/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * clock.h - monotonic time stamps as times of day, many of them in a second.
 */
#ifndef EMF_CORE_CLOCK_H
#define EMF_CORE_CLOCK_H

#include "line.h"

/**
 * emf_clock_wall() - a monotonic time stamp as nanoseconds since 1970
 * @monotonic_ns: of bpf_ktime_get_ns() or emf_now_ns()
 *
 * The wall clock is looked at anew for a stamp 10 ms later than the last look, so that it
 * may be set while we run, and a burst of events does not pay for it.
 *
 * Context: loop thread.
 */
uint64_t emf_clock_wall(uint64_t monotonic_ns);

/* Stops the clock: it is @now, and began at @wall, in nanoseconds since 1970. */
void emf_clock_set(uint64_t now, uint64_t wall);

/* emf_now_ns(), unless the clock was stopped. */
uint64_t emf_clock_now(void);

/* "HH:MM:SS.mmm" of the place where we are, for people. Context: loop thread. */
void emf_clock_add_local(struct emf_line *line, uint64_t monotonic_ns);

/* "2026-01-31T23:59:59.123456789Z", RFC 3339. Context: loop thread. */
void emf_clock_add_rfc3339(struct emf_line *line, uint64_t wall_ns);

#endif
