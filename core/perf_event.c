// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * perf_event.c - events that programs hang on, so many times a second.
 */
#include "perf_event.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Those that a kernel counts by itself, so that they are everywhere; enum perf_sw_ids. */
static const struct {
	const char *name;
	uint64_t config;
} events[] = {
	{ "cpu-clock", PERF_COUNT_SW_CPU_CLOCK },
	{ "task-clock", PERF_COUNT_SW_TASK_CLOCK },
	{ "page-faults", PERF_COUNT_SW_PAGE_FAULTS },
	{ "context-switches", PERF_COUNT_SW_CONTEXT_SWITCHES },
	{ "cpu-migrations", PERF_COUNT_SW_CPU_MIGRATIONS },
	{ "minor-faults", PERF_COUNT_SW_PAGE_FAULTS_MIN },
	{ "major-faults", PERF_COUNT_SW_PAGE_FAULTS_MAJ },
};

int emf_perf_event_open(const char *name, size_t length, uint64_t frequency, int task, int cpu)
{
	struct perf_event_attr attr = { .size = sizeof(attr), .type = PERF_TYPE_SOFTWARE, .freq = 1, .sample_freq = frequency };
	int fd;

	attr.inherit = task != EMF_PERF_ALL;
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		if (strlen(events[i].name) == length && !strncmp(events[i].name, name, length))
			attr.config = events[i].config;
	fd = (int)syscall(SYS_perf_event_open, &attr, task, cpu, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd >= 0)
		return fd;
	return errno == ENXIO ? -ENODEV : -errno; /* of some kernels for a processor that is off */
}
