/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * emf/bpf.h - everything a kernel part needs. Include "vmlinux.h" before it to
 * have all kernel types; without, emf/kernel.h has a few.
 */
#ifndef EMF_BPF_H
#define EMF_BPF_H

#ifndef __bpf__
#error "emf/bpf.h is for kernel parts; user space includes <emf.h>"
#endif

#include <emf/alone.h>
#include <emf/kernel.h>

#include <bpf/bpf_helpers.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>

/* bpf_tracing.h takes the kernel's names of registers, not the user's, for this word. */
#ifndef __VMLINUX_H__
#define __KERNEL__
#include <bpf/bpf_tracing.h>
#undef __KERNEL__
#else
#include <bpf/bpf_tracing.h>
#endif

#include <emf/only.h>

/* What became of the records of one ring, per CPU; all that was seen is the first two. Those of the last were not begun. */
struct emf_counts {
	__u64 sent;
	__u64 dropped;
	__u64 filtered;
};

/**
 * emf_ip_from4() - an IPv4 address where one of either kind goes, the type ip of a description
 * @ip: receives ::ffff:a.b.c.d; one of IPv6 is copied as it is
 * @address: in network order
 *
 * Since: 0.1
 */
static __always_inline void emf_ip_from4(__be32 ip[4], __be32 address)
{
	ip[0] = 0;
	ip[1] = 0;
	ip[2] = bpf_htonl(0xffff);
	ip[3] = address;
}

/**
 * EMF_RING() - declare a ring buffer, and the counts that go with it
 * @name: of the map; the counts are the map <name>_counts
 * @bytes: capacity, a power of two and a multiple of the page size
 *
 * Since: 0.1
 */
#define EMF_RING(name, bytes)                                        \
	struct {                                                     \
		__uint(type, BPF_MAP_TYPE_RINGBUF);                  \
		__uint(max_entries, bytes);                          \
	} name SEC(".maps");                                         \
	struct {                                                     \
		__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);             \
		__uint(max_entries, 1);                              \
		__type(key, __u32);                                  \
		__type(value, struct emf_counts);                    \
	} name##_counts SEC(".maps")

static __always_inline struct emf_counts *emf_counts_of(void *counts_map)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(counts_map, &zero);
}

/*
 * An atomic add, though the counts are per CPU: programs nest, and on newer
 * kernels some are preempted in the middle of a plain increment.
 */
#define emf_count(counts, member)                                 \
	do {                                                      \
		if (counts)                                       \
			__sync_fetch_and_add(&(counts)->member, 1); \
	} while (0)

/**
 * emf_ring_reserve() - room for one record, counted
 * @name: declared with EMF_RING()
 * @bytes: a constant
 *
 * Return: the record, which must be given to emf_ring_submit(); or NULL when the
 * ring is full, and then the loss is counted.
 * Since: 0.1
 */
#define emf_ring_reserve(name, bytes)                                      \
	({                                                                 \
		struct emf_counts *__counts = emf_counts_of(&name##_counts); \
		void *__record = bpf_ringbuf_reserve(&name, bytes, 0);     \
		if (__record)                                              \
			emf_count(__counts, sent);                         \
		else                                                       \
			emf_count(__counts, dropped);                      \
		__record;                                                  \
	})

/**
 * emf_ring_lost() - count a record that could not even be begun
 * @name: declared with EMF_RING()
 *
 * For what is lost elsewhere than in the ring: a map without room, a failed read.
 *
 * Since: 0.1
 */
#define emf_ring_lost(name)                                                \
	do {                                                               \
		struct emf_counts *__counts = emf_counts_of(&name##_counts); \
		emf_count(__counts, dropped);                              \
	} while (0)

/* Of generated code: the record was not wanted by who watches. */
#define emf_ring_filtered(name)                                            \
	do {                                                               \
		struct emf_counts *__counts = emf_counts_of(&name##_counts); \
		emf_count(__counts, filtered);                             \
	} while (0)

/**
 * emf_ring_submit() - send a record
 * @name: declared with EMF_RING()
 * @record: from emf_ring_reserve()
 *
 * Since: 0.1
 */
#define emf_ring_submit(name, record) \
	bpf_ringbuf_submit(record, EMF_RING_FLAGS)

#endif
