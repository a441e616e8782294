/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * perf_event.h - events that programs hang on, so many times a second.
 */
#ifndef EMF_CORE_PERF_EVENT_H
#define EMF_CORE_PERF_EVENT_H

#include <stddef.h>
#include <stdint.h>

#define EMF_PERF_ALL (-1) /* tasks, or processors */

/**
 * emf_perf_event_open() - an event, about so many times a second
 * @name: one that a kernel counts by itself, such as cpu-clock
 * @length: of @name
 * @frequency: times a second
 * @task: of this thread, and of those that it starts; or EMF_PERF_ALL
 * @cpu: on this processor, or EMF_PERF_ALL; one of the two is not
 *
 * Return: a file descriptor; -ENODEV for a processor that is off; or what perf_event_open(2) reports.
 */
int emf_perf_event_open(const char *name, size_t length, uint64_t frequency, int task, int cpu);

#endif
