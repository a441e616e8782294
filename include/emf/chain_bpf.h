/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * emf/chain_bpf.h - the kernel side of chains, for generated code.
 */
#ifndef EMF_CHAIN_BPF_H
#define EMF_CHAIN_BPF_H

#include <emf/bpf.h>
#include <emf/chain_types.h>

/* Known when the program is loaded; the compiler must not know it, but may leave it out or reuse it. */
#define EMF_CHAIN_CONSTANT(which)                                            \
	({                                                                   \
		__s64 __constant;                                            \
		asm("%0 = %1" : "=r"(__constant) : "i"(EMF_CHAIN_MARK + (which))); \
		__constant;                                                  \
	})

/*
 * The maps of a chain. The programs of one generation stand in <chain>_slots, in order:
 * it is filled before any of them runs, and never changed. All others belong to the chain
 * on one target, and stay when the generation changes.
 */
#define EMF_CHAIN_MAPS(chain)                                         \
	struct {                                                      \
		__uint(type, BPF_MAP_TYPE_PROG_ARRAY);                \
		__uint(max_entries, EMF_CHAIN_PROGRAMS_MAX);          \
		__type(key, __u32);                                   \
		__type(value, __u32);                                 \
	} chain##_slots SEC(".maps");                                 \
	struct {                                                      \
		__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);              \
		__uint(max_entries, 1);                               \
		__type(key, __u32);                                   \
		__type(value, struct emf_chain_cpu);                  \
	} chain##_cpu SEC(".maps");                                   \
	struct {                                                      \
		__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);              \
		__uint(max_entries, EMF_CHAIN_NUMBERS_MAX);           \
		__type(key, __u32);                                   \
		__type(value, struct emf_chain_count);                \
	} chain##_counts SEC(".maps");                                \
	struct {                                                      \
		__uint(type, BPF_MAP_TYPE_RINGBUF);                   \
		__uint(max_entries, 64 * 1024);                       \
	} chain##_traces SEC(".maps")

/*
 * What travels with a packet. Where nothing else can run on the processor until a run has
 * ended, but for what interrupts it, runs are nested: a level for each of them.
 */
#define EMF_CHAIN_BY_LEVEL(chain)                                     \
	struct {                                                      \
		__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);              \
		__uint(max_entries, EMF_CHAIN_LEVELS);                \
		__type(key, __u32);                                   \
		__type(value, struct chain##_travel);                 \
	} chain##_states SEC(".maps")

/* Where another task can run meanwhile, only runs in one task are nested. */
#define EMF_CHAIN_BY_TASK(chain)                                      \
	struct chain##_task {                                         \
		__u64 level;                                          \
		struct chain##_travel travels[EMF_CHAIN_TASK_LEVELS]; \
	};                                                            \
	struct {                                                      \
		__uint(type, BPF_MAP_TYPE_HASH);                      \
		__uint(max_entries, EMF_CHAIN_TASKS_MAX);             \
		__type(key, __u64);                                   \
		__type(value, struct chain##_task);                   \
	} chain##_states SEC(".maps")

static __always_inline struct emf_chain_cpu *emf_chain_this_cpu(void *cpu_map)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(cpu_map, &zero);
}

/* Atomic, since what interrupts a run, or the task that preempts it, counts here, too. */
#define EMF_CHAIN_ADD(cpu_map, member)                               \
	do {                                                         \
		struct emf_chain_cpu *__cpu = emf_chain_this_cpu(cpu_map); \
		if (__cpu)                                           \
			__sync_fetch_and_add(&__cpu->member, 1);     \
	} while (0)

/* A tail call failed: it never does, since there are no empty places. */
static __always_inline void emf_chain_missed(void *counts)
{
	__u32 me = (__u32)EMF_CHAIN_CONSTANT(EMF_CHAIN_NUMBER);
	struct emf_chain_count *count = bpf_map_lookup_elem(counts, &me);

	if (count)
		__sync_fetch_and_add(&count->misses, 1);
}

static __always_inline void emf_chain_trace(void *cpu_map, void *traces, __u32 trace, __s32 verdict)
{
	struct emf_chain_hop *hop = bpf_ringbuf_reserve(traces, sizeof(*hop), 0);

	if (!hop) {
		EMF_CHAIN_ADD(cpu_map, untraced);
		return;
	}
	hop->time = bpf_ktime_get_ns();
	hop->trace = trace;
	hop->generation = (__u32)EMF_CHAIN_CONSTANT(EMF_CHAIN_GENERATION);
	hop->number = (__u32)EMF_CHAIN_CONSTANT(EMF_CHAIN_NUMBER);
	hop->verdict = verdict;
	bpf_ringbuf_submit(hop, 0);
}

/* A program begins, and the one before it has ended; at the end of the chain its entry says so, with the verdict. */
static __always_inline void emf_chain_begin(struct emf_chain_run *run, void *cpu_map, void *counts, void *traces, __s32 verdict)
{
	__u32 number = run->number, me = (__u32)EMF_CHAIN_CONSTANT(EMF_CHAIN_NUMBER);

	if (EMF_CHAIN_CONSTANT(EMF_CHAIN_FLAGS) & EMF_CHAIN_COUNTS) {
		__u64 now = bpf_ktime_get_ns();
		struct emf_chain_count *count = bpf_map_lookup_elem(counts, &number);

		if (count && run->since) {
			__sync_fetch_and_add(&count->runs, 1);
			__sync_fetch_and_add(&count->ns, now - run->since);
		}
		run->since = me ? now : 0;
		run->number = me;
	}
	if (EMF_CHAIN_CONSTANT(EMF_CHAIN_FLAGS) & EMF_CHAIN_TRACES && run->trace)
		emf_chain_trace(cpu_map, traces, run->trace, verdict);
}

/* A packet comes in: whether it is one of those that are traced. */
static __always_inline void emf_chain_enter(struct emf_chain_run *run, void *cpu_map)
{
	struct emf_chain_cpu *cpu;
	__u32 sample = (__u32)EMF_CHAIN_CONSTANT(EMF_CHAIN_SAMPLE);

	run->since = 0;
	run->trace = 0;
	if (!(EMF_CHAIN_CONSTANT(EMF_CHAIN_FLAGS) & EMF_CHAIN_TRACES))
		return;
	cpu = emf_chain_this_cpu(cpu_map);
	if (!cpu)
		return;
	cpu->packets++;
	if (sample <= 1 || cpu->packets % sample == 0)
		run->trace = bpf_get_prandom_u32() | 1;
}

#endif
