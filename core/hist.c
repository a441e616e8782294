// SPDX-License-Identifier: BSD-2-Clause
/*
 * hist.c - histograms as bars.
 */
#include <emf/hist.h>

#include <inttypes.h>
#include <string.h>

#include <emf/output.h>

#define BAR_WIDTH 40

void emf_print_log2(const struct module *m, const char *unit, const __u64 *slots, size_t n)
{
	static const char stars[BAR_WIDTH + 1] = "****************************************";
	uint64_t most = 0;
	size_t used = 0;

	for (size_t i = 0; i < n; i++) {
		if (slots[i])
			used = i + 1;
		if (slots[i] > most)
			most = slots[i];
	}
	emf_print(m, "%25s : %-10s distribution\n", unit, "count");
	for (size_t i = 0; i < used; i++) {
		uint64_t low = i ? 1ull << i : 0;
		uint64_t high = i < 63 ? (2ull << i) - 1 : UINT64_MAX;
		/* Not slots[i] * WIDTH: a count may be near the type's end. */
		int width = (int)((double)slots[i] / (double)most * BAR_WIDTH);

		emf_print(m, "%11" PRIu64 " -> %-10" PRIu64 " : %-10llu|%-*.*s|\n", low, high,
			  slots[i], BAR_WIDTH, width, stars);
	}
}
