/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * symbol_process.h - what code a process has mapped.
 */
#ifndef EMF_CORE_SYMBOL_PROCESS_H
#define EMF_CORE_SYMBOL_PROCESS_H

#include <stdio.h>
#include <sys/types.h>

#include "symbol_table.h"

#define EMF_MAPPINGS_MAX 4096 /* of code, of one process */

struct emf_mapping {
	uint64_t start, end, offset;
	unsigned int major, minor;
	uint64_t inode; /* 0 of what is no file */
	char name[64];	/* the last part of its path */
};

/**
 * struct emf_symbol_process - a process, as it was when it was looked at
 * @pid: in our namespace
 * @looked_ns: when
 * @used: tells which one was not asked for the longest
 * @n: number of mappings
 * @mappings: of code, in the order of their addresses
 * @perf_map: of what its run-time system made
 */
struct emf_symbol_process {
	uint32_t pid;
	uint64_t looked_ns;
	uint64_t used;
	size_t n;
	struct emf_mapping *mappings;
	struct emf_symbol_table perf_map;
};

/* Looks at it, again if it was looked at before. 0; -ESRCH if it is gone, and then @process is as before; -ENOMEM. */
int emf_symbol_process_look(struct emf_symbol_process *process, uint32_t pid);

void emf_symbol_process_fini(struct emf_symbol_process *process);

const struct emf_mapping *emf_symbol_process_find(const struct emf_symbol_process *process, uint64_t address);

/* The file of a mapping, whatever its path leads to by now. A descriptor of a regular file, or a negative errno. */
int emf_symbol_process_open(const struct emf_symbol_process *process, const struct emf_mapping *mapping);

/* Lines of /proc/PID/maps; those that are no code are left out. How many, or -ENOMEM. */
ssize_t emf_symbol_read_maps(FILE *from, struct emf_mapping **mappings);

#endif
