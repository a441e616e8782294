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

/* Where the state of a packet lies: see docs/chains.md. */
#define EMF_CHAIN_TASK_LEVELS 4  /* runs that interrupt each other while one task is current: task, softirq, irq, nmi */
#define EMF_CHAIN_TASKS_MAX 256 /* that can be in a chain at a time, where it can be preempted */

#define EMF_CHAIN_COUNTS 1u /* runs and time of each program */
#define EMF_CHAIN_TRACES 2u /* which programs a packet met, of one in EMF_CHAIN_SAMPLE */

/*
 * What a program of a chain knows of itself are operands in its instructions, which are
 * written when it is loaded for its place: so they are constants to the verifier, the
 * kernel makes a jump of each tail call, and nothing is loaded on the way. Until then the
 * mark stands there ("EMF" in ASCII), with one of these in its last byte.
 */
#define EMF_CHAIN_MARK 0x454d4600

enum emf_chain_constant {
	EMF_CHAIN_NEXT,	      /* index of the program behind it; -1 is none */
	EMF_CHAIN_NUMBER,     /* of it, the same in all generations; 0 of an entry */
	EMF_CHAIN_GENERATION, /* that it is part of */
	EMF_CHAIN_FLAGS,      /* EMF_CHAIN_COUNTS, EMF_CHAIN_TRACES */
	EMF_CHAIN_SAMPLE,     /* one packet in so many is traced */
	EMF_CHAIN_HANDS,      /* another chain takes members of the state over */
	EMF_CHAIN_SLOT_FIRST, /* index of the first program in the first slot or behind; then of the second one, ... */
	EMF_CHAIN_CONSTANTS_MAX = EMF_CHAIN_SLOT_FIRST + EMF_CHAIN_PROGRAMS_MAX,
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
 * @refused: runs that were nested too deep, and got the default verdict
 * @untraced: hops that the ring had no room for
 * @handed: packets with members of the state for another chain, or from one
 * @lost: packets that could take none along
 */
struct emf_chain_cpu {
	__u32 level;
	__u32 packets;
	__u64 refused;
	__u64 untraced;
	__u64 handed;
	__u64 lost;
};

/**
 * struct emf_chain_count - a program of a chain on one processor, over all generations; number 0 is the entry
 * @runs: of it, while they were counted
 * @ns: that these took
 * @misses: its tail calls to the next program that failed, which is a bug
 */
struct emf_chain_count {
	__u64 runs;
	__u64 ns;
	__u64 misses;
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
