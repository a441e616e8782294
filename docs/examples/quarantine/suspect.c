// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * suspect.c - what was marked, at the end.
 */
#include "suspect_emf.h"

int suspect_destroy(struct module *m)
{
	const struct suspect_bpf__bss *counted = suspect_skeleton(m)->bss;

	emf_print(m, "%llu processes were marked, %llu were not: there was no room\n", counted->marked, counted->unmarked);
	return 0;
}
