// SPDX-License-Identifier: BSD-2-Clause
/*
 * oomkill.c - says how large a page is, which the kernel part cannot find out.
 */
#include "oomkill_emf.h"

#include <unistd.h>

int oomkill_configure(struct module *m)
{
	oomkill_skeleton(m)->rodata->page_bytes = (__u32)sysconf(_SC_PAGESIZE);
	return 0;
}
