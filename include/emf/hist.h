/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * emf/hist.h - histograms: which values a slot counts, and the printing of them.
 */
#ifndef EMF_HIST_H
#define EMF_HIST_H

#include <linux/types.h>

#include <emf/module.h>

#ifdef __cplusplus
extern "C" {
#endif

#define EMF_SLOTS_MAX 1024 /* of a histogram */

/* LOG2: slot 0 counts 0 and 1, slot i those from 2^i to 2^(i+1) - 1. */
enum emf_scale_kind {
	EMF_LOG2,
	EMF_LINEAR,
	EMF_BOUNDS,
};

/**
 * struct emf_scale - which values each slot of a histogram counts
 * @kind: of EMF_LINEAR slot i counts those from @first + i * @step on, slot 0 also
 *	those below; of EMF_BOUNDS those up to @bounds[i] that slot i - 1 does not
 * @n: slots, at most EMF_SLOTS_MAX; the last one also counts all that is above, but
 *	slot 63 of EMF_LOG2, above which there is nothing
 * @first: see @kind
 * @step: see @kind
 * @bounds: @n - 1 of them, each above the one before
 *
 * Since: 0.1
 */
struct emf_scale {
	enum emf_scale_kind kind;
	uint32_t n;
	uint64_t first, step;
	const uint64_t *bounds;
};

/**
 * emf_print_log2() - print a histogram with a bar for each slot
 * @m: the module
 * @unit: heading of the left column: "usecs"
 * @slots: slots[0] counts the values 0 and 1, slots[i] those from 2^i to
 *	2^(i+1) - 1
 * @n: number of slots, at most 64
 *
 * Empty slots before the first and after the last used one are left out. Prints nothing when the
 * product serves.
 *
 * Context: loop thread.
 * Since: 0.1
 */
EMF_API void emf_print_log2(const struct module *m, const char *unit, const __u64 *slots,
			    size_t n);

/**
 * emf_print_hist() - the same for any scale
 * @m: the module
 * @unit: heading of the left column: "usecs"
 * @scale: what each slot counts
 * @slots: @scale->n of them
 *
 * Context: loop thread.
 * Since: 0.1
 */
EMF_API void emf_print_hist(const struct module *m, const char *unit, const struct emf_scale *scale, const __u64 *slots);

#ifdef __cplusplus
}
#endif

#endif
