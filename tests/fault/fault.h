/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What a product with --enable-fault-injection shares with the test that drives it: a file, mapped by both. */
#ifndef EMF_TESTS_FAULT_H
#define EMF_TESTS_FAULT_H

#include <linux/types.h>

#define EMF_FAULT_DEPTH 12

/* tests/fault/faulty.py has the same layout. */
struct emf_fault {
	__u64 calls;		/* so many have been made, by this process and its children */
	__u64 fails;		/* the call of this number fails, from 1; 0: none */
	__u64 failed;		/* this one did; 0: none yet */
	char name[64];		/* of the call that failed */
	__u32 stack[EMF_FAULT_DEPTH];	/* who made it, as offsets in the program; 0 behind the last */
};

#endif
