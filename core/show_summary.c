// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * show_summary.c - what became of the events, in a sentence at the end.
 */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "core.h"
#include "log.h"

/* Of a kernel part and a user part that do not belong together: a script has to see it, too. */
static void tell_malformed(const struct emf_unit *unit, char *text, size_t size)
{
	text[0] = '\0';
	if (!unit->malformed)
		return;
	snprintf(text, size, ", %" PRIu64 " malformed", unit->malformed);
	if (!unit->emf->serving)
		unit->emf->exit_status = EMF_EXIT_FAILED;
}

void emf_show_summary(const struct emf_unit *unit)
{
	uint64_t seen = 0, dropped = 0, printed = 0, filtered = 0, in_kernel = 0;
	enum emf_log_level level;
	char in_kernel_text[64] = "", malformed[40];
	bool counted = true;

	for (size_t i = 0; i < unit->rings.n; i++) {
		const struct emf_ring *ring = unit->rings.rings[i];
		struct emf_ring_counts counts;

		if (emf_ring_read_counts(ring, &counts)) {
			counts = (struct emf_ring_counts){ .seen = ring->received };
			counted = false;
		}
		seen += counts.seen;
		dropped += counts.dropped;
		in_kernel += counts.filtered;
	}
	for (size_t i = 0; i < unit->shown.n; i++) {
		printed += unit->shown.shown[i]->printed;
		filtered += unit->shown.shown[i]->filtered;
	}
	tell_malformed(unit, malformed, sizeof(malformed));
	if (!unit->shown.n || unit->emf->serving)
		return;
	/* Who watched is told; a script asks by -v. */
	level = isatty(STDERR_FILENO) ? EMF_LOG_INFO : EMF_LOG_DEBUG;
	if (in_kernel)
		snprintf(in_kernel_text, sizeof(in_kernel_text), ", %" PRIu64 " in the kernel before that", in_kernel);
	if (counted)
		emf_log(unit->m, level, "%" PRIu64 " events seen, %" PRIu64 " sent, %" PRIu64 " dropped%s; %" PRIu64 " printed, %" PRIu64 " filtered out%s",
			 seen, seen - dropped, dropped, malformed, printed, filtered, in_kernel_text);
	else
		emf_log(unit->m, level, "%" PRIu64 " events came%s; %" PRIu64 " printed, %" PRIu64 " filtered out; what was dropped is not counted by its ring",
			 seen, malformed, printed, filtered);
}
