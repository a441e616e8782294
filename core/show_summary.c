// SPDX-License-Identifier: BSD-2-Clause
/*
 * show_summary.c - what became of the events, in a sentence at the end.
 */
#include <inttypes.h>
#include <unistd.h>

#include "core.h"
#include "log.h"

void emf_show_summary(const struct emf_unit *unit)
{
	uint64_t seen = 0, dropped = 0, printed = 0, filtered = 0;
	enum emf_log_level level;
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
	}
	for (size_t i = 0; i < unit->shown.n; i++) {
		printed += unit->shown.shown[i]->printed;
		filtered += unit->shown.shown[i]->filtered;
	}
	if (!unit->shown.n || unit->emf->serving)
		return;
	/* Who watched is told; a script asks by -v. */
	level = isatty(STDERR_FILENO) ? EMF_LOG_INFO : EMF_LOG_DEBUG;
	if (counted)
		emf_log(unit->m, level, "%" PRIu64 " events seen, %" PRIu64 " sent, %" PRIu64 " dropped; %" PRIu64 " printed, %" PRIu64 " filtered out",
			 seen, seen - dropped, dropped, printed, filtered);
	else
		emf_log(unit->m, level, "%" PRIu64 " events came; %" PRIu64 " printed, %" PRIu64 " filtered out; what was dropped is not counted by its ring",
			 seen, printed, filtered);
}
