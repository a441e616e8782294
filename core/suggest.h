/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * suggest.h - the nearest known word to one that is not known.
 */
#ifndef EMF_CORE_SUGGEST_H
#define EMF_CORE_SUGGEST_H

#include <stddef.h>

struct emf_suggestion {
	const char *word; /* what was written */
	const char *best; /* the nearest so far, or NULL */
	size_t distance;
};

/* Offers one known word; those too far from what was written do not count. */
void emf_suggest(struct emf_suggestion *suggestion, const char *known);

#endif
