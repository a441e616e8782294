/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * emf/hist.h - printing of log2 histograms.
 */
#ifndef EMF_HIST_H
#define EMF_HIST_H

#include <linux/types.h>

#include <emf/module.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * emf_print_log2() - print a histogram with a bar for each slot
 * @m: the module
 * @unit: heading of the left column: "usecs"
 * @slots: slots[0] counts the values 0 and 1, slots[i] those from 2^i to
 *	2^(i+1) - 1
 * @n: number of slots, at most 64
 *
 * Empty slots after the last used one are left out. Prints nothing when the
 * product serves.
 *
 * Context: loop thread.
 * Since: 0.1
 */
EMF_API void emf_print_log2(const struct module *m, const char *unit, const __u64 *slots,
			    size_t n);

#ifdef __cplusplus
}
#endif

#endif
