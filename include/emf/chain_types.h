/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * emf/chain_types.h - what the kernel parts of a chain and the core share.
 */
#ifndef EMF_CHAIN_TYPES_H
#define EMF_CHAIN_TYPES_H

#include <emf/types.h>

#define EMF_CHAIN_PROGRAMS_MAX 33 /* MAX_TAIL_CALL_CNT, include/linux/bpf.h */
#define EMF_CHAIN_LEVELS 8 /* runs of a chain that interrupt each other on a processor: task, softirq, irq, nmi, and some inside of them */

/**
 * struct emf_chain_cpu - a chain on one processor
 * @level: runs that are under way
 * @misses: tail calls that failed, which is a bug
 * @refused: runs that were nested too deep, and got the default verdict
 */
struct emf_chain_cpu {
	__u32 level;
	__u32 pad;
	__u64 misses;
	__u64 refused;
};

#endif
