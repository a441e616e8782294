/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * hist.h - scales of histograms.
 */
#ifndef EMF_CORE_HIST_H
#define EMF_CORE_HIST_H

#include <emf/hist.h>

/* The smallest value that a slot counts. */
uint64_t emf_scale_from(const struct emf_scale *scale, uint32_t slot);

/* The largest one; UINT64_MAX of a slot without end. */
uint64_t emf_scale_to(const struct emf_scale *scale, uint32_t slot);

/* The slot that counts a value. */
uint32_t emf_scale_slot(const struct emf_scale *scale, uint64_t value);

#endif
