/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * runqlat.h - what runqlat's kernel and user part share.
 */
#ifndef RUNQLAT_H
#define RUNQLAT_H

#include <linux/types.h>

#define RUNQLAT_SLOTS 32 /* of microseconds: the last one begins at 36 minutes */

struct runqlat_hist {
	__u64 slots[RUNQLAT_SLOTS];
	char comm[16]; /* TASK_COMM_LEN, include/linux/sched.h */
};

#endif
