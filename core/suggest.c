// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * suggest.c - edit distance between words, swaps of neighbours counting once.
 */
#include "suggest.h"

#include <string.h>

#define WORD_MAX_LEN 63

static size_t min2(size_t a, size_t b)
{
	return a < b ? a : b;
}

static size_t distance(const char *a, size_t na, const char *b, size_t nb)
{
	size_t rows[3][WORD_MAX_LEN + 1];
	size_t *two_up = rows[0], *up = rows[1], *row = rows[2], *swap;

	for (size_t j = 0; j <= nb; j++)
		up[j] = j;
	for (size_t i = 1; i <= na; i++) {
		row[0] = i;
		for (size_t j = 1; j <= nb; j++) {
			row[j] = min2(up[j - 1] + (a[i - 1] != b[j - 1]),
				      min2(up[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = min2(row[j], two_up[j - 2] + 1);
		}
		swap = two_up;
		two_up = up;
		up = row;
		row = swap;
	}
	return up[nb];
}

void emf_suggest(struct emf_suggestion *suggestion, const char *known)
{
	size_t written_len = strlen(suggestion->word), known_len = strlen(known), d;

	if (written_len > WORD_MAX_LEN || known_len > WORD_MAX_LEN)
		return;
	d = distance(suggestion->word, written_len, known, known_len);
	/* A beginning that was typed is near, however much is missing. */
	if (written_len >= 3 && !strncmp(suggestion->word, known, written_len))
		d = 1;
	if (d > 1 + known_len / 4)
		return;
	if (!suggestion->best || d < suggestion->distance) {
		suggestion->best = known;
		suggestion->distance = d;
	}
}
