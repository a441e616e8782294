// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * hist.c - histograms as bars.
 */
#include "hist.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <emf/output.h>

#define BAR_WIDTH 40
#define LOG2_SLOTS 64 /* of 64 bits */

uint64_t emf_scale_from(const struct emf_scale *scale, uint32_t slot)
{
	if (!slot)
		return 0;
	switch (scale->kind) {
	case EMF_LINEAR:
		return scale->first + slot * scale->step;
	case EMF_BOUNDS:
		return scale->bounds[slot - 1] + 1;
	default:
		return UINT64_C(1) << slot;
	}
}

uint64_t emf_scale_to(const struct emf_scale *scale, uint32_t slot)
{
	if (slot + 1 >= scale->n)
		return UINT64_MAX;
	switch (scale->kind) {
	case EMF_LINEAR:
		return scale->first + (slot + 1) * scale->step - 1;
	case EMF_BOUNDS:
		return scale->bounds[slot];
	default:
		return (UINT64_C(2) << slot) - 1;
	}
}

uint32_t emf_scale_slot(const struct emf_scale *scale, uint64_t value)
{
	uint64_t slot = 0;

	switch (scale->kind) {
	case EMF_LINEAR:
		slot = value < scale->first ? 0 : (value - scale->first) / scale->step;
		break;
	case EMF_BOUNDS:
		while (slot + 1 < scale->n && value > scale->bounds[slot])
			slot++;
		break;
	default:
		slot = value ? 63 - (unsigned int)__builtin_clzll(value) : 0;
	}
	return slot < scale->n ? (uint32_t)slot : scale->n - 1;
}

static void print_slot(const struct module *m, uint64_t from, uint64_t to, bool open, uint64_t count, uint64_t most)
{
	static const char stars[BAR_WIDTH + 1] = "****************************************";
	/* Not count * WIDTH: a count may be near the type's end. */
	int width = most ? (int)((double)count / (double)most * BAR_WIDTH) : 0;
	char end[24] = "...";

	if (!open)
		snprintf(end, sizeof(end), "%" PRIu64, to);
	emf_print(m, "%11" PRIu64 " -> %-10s : %-10" PRIu64 "|%-*.*s|\n", from, end, count, BAR_WIDTH, width, stars);
}

void emf_print_hist(const struct module *m, const char *unit, const struct emf_scale *scale, const __u64 *slots)
{
	uint32_t first = scale->n, used = 0;
	uint64_t most = 0;

	for (uint32_t i = 0; i < scale->n; i++) {
		if (!slots[i])
			continue;
		first = i < first ? i : first;
		used = i + 1;
		most = slots[i] > most ? slots[i] : most;
	}
	emf_print(m, "%25s : %-10s distribution\n", unit, "count");
	for (uint32_t i = first; i < used; i++) {
		bool last = i + 1 == scale->n && scale->kind != EMF_LOG2;
		/* Of powers of two also the last one, as other tools have it. */
		uint64_t to = scale->kind == EMF_LOG2 && i + 1 < LOG2_SLOTS ? (UINT64_C(2) << i) - 1 : emf_scale_to(scale, i);

		print_slot(m, emf_scale_from(scale, i), to, last, slots[i], most);
	}
}

void emf_print_log2(const struct module *m, const char *unit, const __u64 *slots, size_t n)
{
	const struct emf_scale scale = { .kind = EMF_LOG2, .n = n < LOG2_SLOTS ? (uint32_t)n : LOG2_SLOTS };

	emf_print_hist(m, unit, &scale, slots);
}
