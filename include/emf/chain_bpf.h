/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * emf/chain_bpf.h - the kernel side of chains, for generated code.
 */
#ifndef EMF_CHAIN_BPF_H
#define EMF_CHAIN_BPF_H

#include <emf/bpf.h>
#include <emf/chain_types.h>

/*
 * The maps of a chain. The programs of one generation stand in <chain>_slots, in order:
 * it is filled before any of them runs, and never changed. All others belong to the chain
 * on one target, and stay when the generation changes.
 */
#define EMF_CHAIN_MAPS(chain, state)                                  \
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
		__uint(max_entries, EMF_CHAIN_LEVELS);                \
		__type(key, __u32);                                   \
		__type(value, state);                                 \
	} chain##_states SEC(".maps");                                \
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

static __always_inline struct emf_chain_cpu *emf_chain_this_cpu(void *cpu_map)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(cpu_map, &zero);
}

/* A tail call failed: it never does, since there are no empty places. */
static __always_inline void emf_chain_missed(void *cpu_map)
{
	struct emf_chain_cpu *cpu = emf_chain_this_cpu(cpu_map);

	if (cpu)
		cpu->misses++;
}

static __always_inline void *emf_chain_state(void *cpu_map, void *states)
{
	struct emf_chain_cpu *cpu = emf_chain_this_cpu(cpu_map);
	__u32 level;

	if (!cpu)
		return NULL;
	level = cpu->level - 1;
	return bpf_map_lookup_elem(states, &level);
}

static __always_inline void emf_chain_trace(struct emf_chain_cpu *cpu, void *traces, const volatile struct emf_chain_self *self,
					    __u32 trace, __u32 number, __s32 verdict)
{
	struct emf_chain_hop *hop = bpf_ringbuf_reserve(traces, sizeof(*hop), 0);

	if (!hop) {
		cpu->untraced++;
		return;
	}
	hop->time = bpf_ktime_get_ns();
	hop->trace = trace;
	hop->generation = self->generation;
	hop->number = number;
	hop->verdict = verdict;
	bpf_ringbuf_submit(hop, 0);
}

/* A program begins, and the one before it has ended; at the end of the chain its entry says so, with the verdict. */
static __always_inline void emf_chain_begin(void *cpu_map, void *counts, void *traces, const volatile struct emf_chain_self *self,
					    __s32 verdict)
{
	struct emf_chain_cpu *cpu = emf_chain_this_cpu(cpu_map);
	struct emf_chain_count *count;
	struct emf_chain_run *run;
	__u32 level;

	if (!cpu)
		return;
	level = cpu->level - 1;
	if (level >= EMF_CHAIN_LEVELS)
		return;
	run = &cpu->runs[level];
	if (self->flags & EMF_CHAIN_COUNTS) {
		__u64 now = bpf_ktime_get_ns();
		__u32 number = run->number;

		count = bpf_map_lookup_elem(counts, &number);
		if (count && run->since) {
			count->runs++;
			count->ns += now - run->since;
		}
		run->since = self->number ? now : 0;
		run->number = self->number;
	}
	if (self->flags & EMF_CHAIN_TRACES && run->trace)
		emf_chain_trace(cpu, traces, self, run->trace, self->number, verdict);
}

/* A packet comes in: whether it is one of those that are traced. */
static __always_inline void emf_chain_enter(struct emf_chain_cpu *cpu, __u32 level, const volatile struct emf_chain_self *self)
{
	struct emf_chain_run *run;

	if (level >= EMF_CHAIN_LEVELS)
		return;
	run = &cpu->runs[level];
	run->since = 0;
	run->trace = 0;
	if (!(self->flags & EMF_CHAIN_TRACES))
		return;
	cpu->packets++;
	if (self->sample <= 1 || cpu->packets % self->sample == 0)
		run->trace = bpf_get_prandom_u32() | 1;
}

#endif
