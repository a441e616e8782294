/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * emf/alone.h - what a kernel part without a description can say about itself. The build
 * includes it in front of such a kernel part: nobody has to.
 *
 * All of it is read from the BTF of the compiled kernel part. The variables that it takes to
 * get there lie in a section that is taken for debugging information, and dropped with it.
 */
#ifndef EMF_ALONE_H
#define EMF_ALONE_H

#define EMF_TRACE __attribute__((used, section(".debug_emf")))
#define EMF_TAG(text) __attribute__((btf_decl_tag("emf:" text)))
#define EMF_JOIN_(a, b) a##b
#define EMF_JOIN(a, b) EMF_JOIN_(a, b)

/*
 * Not zero while the user part looks at its ring buffers by itself, every millisecond or two:
 * to wake it costs a program that sends more than all else (a record 6 to 9 microseconds instead
 * of 30 ns). The user part has the page of it mapped. A section of its own, which is a map
 * that has nothing else in it, of objects that send.
 */
static volatile unsigned int emf_reader_awake __attribute__((unused, section(".data.emf")));

/* Flags of bpf_ringbuf_submit(): BPF_RB_NO_WAKEUP, or what the kernel thinks best. */
#define EMF_RING_FLAGS ((unsigned long long)(emf_reader_awake & 1))

/**
 * EMF_EVENT() - say what the records of a ring buffer or a perf buffer are
 * @map: its name
 * @type: "struct event"
 * @...: of several types in one buffer, each with an EMF_EVENT() of its own: the value
 *	that the first member has in this one
 *
 * Most kernel parts need none: the type of what they send is seen where they send it.
 *
 * Since: 0.1
 */
#define EMF_EVENT(map, type, ...) EMF_EVENT_N(__COUNTER__, map, type, ##__VA_ARGS__)
#define EMF_EVENT_N(...) EMF_EVENT_N_(__VA_ARGS__)
#define EMF_EVENT_N_(n, map, type, ...)                                                         \
	__VA_OPT__(static const enum { emf_id_##n = (__VA_ARGS__) } emf_event_id_##n EMF_TRACE;) \
	static const type *const emf_event_##n##_##map EMF_TRACE

/**
 * EMF_DOC() - what the tool does
 * @text: one line, as a string: "show how long disks take"
 *
 * Since: 0.1
 */
#define EMF_DOC(text) static const char emf_doc EMF_TRACE EMF_TAG(text)

/**
 * EMF_PARAM() - the help of a parameter
 * @name: of a "const volatile" global, which is an option
 * @help: one line, as a string
 *
 * Since: 0.1
 */
#define EMF_PARAM(name, help) static const char emf_param_##name EMF_TRACE EMF_TAG(help)

/**
 * EMF_HIST() - a map or a global holds histograms, which are printed
 * @map: its name; its value has a member slots[N], or is a number that is counted up
 *	where the key is the slot
 * @...: heading of the values, as a string: "usecs"
 *
 * Slot 0 counts the values 0 and 1, slot i those from 2^i to 2^(i+1) - 1. What has a
 * member slots[N] needs no such line.
 *
 * Since: 0.1
 */
#define EMF_HIST(map, ...) static const char emf_hist_##map EMF_TRACE EMF_TAG("" __VA_ARGS__)

/**
 * EMF_TABLE() - a map is printed as a table, a row for each key
 * @map: its name
 * @...: member of the value that rows are sorted by, most first; without it the first number
 *
 * Since: 0.1
 */
#define EMF_TABLE(map, ...) static const char emf_table_##map EMF_TRACE EMF_TAG(#__VA_ARGS__)

/**
 * EMF_IF() - a map or a global is printed with an option only
 * @map: its name
 * @param: of a "const volatile" global, which is an option: by_process; or !by_process,
 *	for what is printed without it
 *
 * So the tool knows that --comm, which asks for what has a name of a process, needs --by-process.
 *
 * Since: 0.1
 */
#define EMF_IF(map, param) static const char emf_if_##map EMF_TRACE EMF_TAG(#param)

/**
 * EMF_AS() - what a member of a record means, stands behind its name
 * @type: of the interface language: ip4, duration, errno
 *
 * Since: 0.1
 */
#define EMF_AS(type) __attribute__((btf_decl_tag("emf:" #type)))

/*
 * Where something is sent, its type, its size and the text of its map are left in the BTF. These names
 * are macros where a parenthesis follows only, and so stay what they are where they are declared.
 */
#ifdef EMF_ALONE
#define EMF_SENT(map, type, bytes) static const type *const(*const EMF_JOIN(emf_sent_, __COUNTER__))[bytes] EMF_TRACE EMF_TAG(map)

/* A size that the compiler knows; else, and where it is no size of a record, 0. */
#define EMF_BYTES(size) __builtin_choose_expr(__builtin_constant_p(size), (unsigned long long)(size) <= 0xffff ? (size) : 0, 0)

/* The type in "sizeof(type)", whatever stands behind it; void of anything else. */
#define EMF_SECOND_(a, b, ...) b
#define EMF_SECOND(...) EMF_SECOND_(__VA_ARGS__)
#define EMF_PARENTHESIS(...) ~, 1,
#define EMF_TYPE_IN_sizeof(type) ~, __typeof__(type),
#define EMF_TYPE_IN_0(size) EMF_SECOND(EMF_TYPE_IN_##size, void, ~)
#define EMF_TYPE_IN_1(size) void /* begins with a parenthesis: nothing can be joined to it */
#define EMF_TYPE_IN(size) EMF_JOIN(EMF_TYPE_IN_, EMF_SECOND(EMF_PARENTHESIS size, 0, ~))(size)

#define bpf_ringbuf_reserve(map, size, flags)         \
	({                                            \
		EMF_SENT(#map, EMF_TYPE_IN(size), EMF_BYTES(size)); \
		bpf_ringbuf_reserve(map, size, flags); \
	})
#define bpf_ringbuf_submit(data, flags)               \
	({                                            \
		EMF_SENT("", __typeof__(*(data)), 0);  \
		bpf_ringbuf_submit(data, (flags) ? (flags) : EMF_RING_FLAGS); \
	})
#define bpf_ringbuf_output(map, data, size, flags)    \
	({                                            \
		EMF_SENT(#map, __typeof__(*(data)), EMF_BYTES(size));  \
		bpf_ringbuf_output(map, data, size, (flags) ? (flags) : EMF_RING_FLAGS); \
	})
#define bpf_perf_event_output(ctx, map, flags, data, size)          \
	({                                                          \
		EMF_SENT(#map, __typeof__(*(data)), EMF_BYTES(size));                \
		bpf_perf_event_output(ctx, map, flags, data, size); \
	})
#define bpf_skb_output(ctx, map, flags, data, size)          \
	({                                                   \
		EMF_SENT(#map, __typeof__(*(data)), EMF_BYTES(size));         \
		bpf_skb_output(ctx, map, flags, data, size); \
	})
#define bpf_xdp_output(ctx, map, flags, data, size)          \
	({                                                   \
		EMF_SENT(#map, __typeof__(*(data)), EMF_BYTES(size));         \
		bpf_xdp_output(ctx, map, flags, data, size); \
	})
#endif

#endif
