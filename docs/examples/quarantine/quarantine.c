// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * quarantine.c - what was dropped, at the end.
 */
#include "quarantine_emf.h"

int quarantine_destroy(struct module *m)
{
	const struct quarantine_bpf__bss *counted = quarantine_skeleton(m)->bss;

	emf_print(m, "%llu packets of %llu sockets were dropped; %llu sockets were refused: there was no memory\n", counted->dropped,
		  counted->sockets, counted->unmarked);
	return 0;
}
