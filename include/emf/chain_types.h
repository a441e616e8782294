/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * emf/chain_types.h - what the kernel parts of a chain and the core share.
 */
#ifndef EMF_CHAIN_TYPES_H
#define EMF_CHAIN_TYPES_H

#include <emf/types.h>

#define EMF_CHAIN_PROGRAMS_MAX 33 /* MAX_TAIL_CALL_CNT, include/linux/bpf.h */
#define EMF_CHAIN_NUMBERS_MAX 128 /* programs that can be plugged into a chain, enabled or not */
/* Runs of a chain that interrupt each other on a processor: task, softirq, irq, nmi, and some inside of them. */
#define EMF_CHAIN_LEVELS 8

#define EMF_CHAIN_COUNTS 1u /* runs and time of each program */
#define EMF_CHAIN_TRACES 2u /* which programs a packet met, of one in struct emf_chain_self.sample */

/**
 * struct emf_chain_self - what a program of a chain knows of itself: a constant to the verifier
 * @next: place of the program behind it, from 1; 0 is none
 * @number: of it, the same in all generations; 0 of an entry
 * @generation: that it is part of
 * @flags: EMF_CHAIN_COUNTS, EMF_CHAIN_TRACES
 * @sample: one packet in so many is traced
 */
struct emf_chain_self {
	__u32 next;
	__u32 number;
	__u32 generation;
	__u32 flags;
	__u32 sample;
};

/* A run that is under way, while runs are counted or traced. */
struct emf_chain_run {
	__u64 since; /* that the program runs, or 0 */
	__u32 number; /* of it */
	__u32 trace;  /* 0: it is not */
};

/**
 * struct emf_chain_cpu - a chain on one processor
 * @level: runs that are under way
 * @packets: that came while some were traced
 * @misses: tail calls that failed, which is a bug
 * @refused: runs that were nested too deep, and got the default verdict
 * @untraced: hops that the ring had no room for
 * @runs: by level
 */
struct emf_chain_cpu {
	__u32 level;
	__u32 packets;
	__u64 misses;
	__u64 refused;
	__u64 untraced;
	struct emf_chain_run runs[EMF_CHAIN_LEVELS];
};

struct emf_chain_count {
	__u64 runs;
	__u64 ns;
};

/**
 * struct emf_chain_hop - a packet comes to a program, or to the end of its chain
 * @time: monotonic
 * @trace: of the packet
 * @generation: of the program
 * @number: of the program; 0 is the end
 * @verdict: at the end
 */
struct emf_chain_hop {
	__u64 time;
	__u32 trace;
	__u32 generation;
	__u32 number;
	__s32 verdict;
};

#endif
