/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * execsnoop.h - records of execsnoop's kernel part.
 */
#ifndef EXECSNOOP_H
#define EXECSNOOP_H

#include <linux/types.h>

#define EXECSNOOP_COMM_LEN 16 /* TASK_COMM_LEN, include/linux/sched.h */
#define EXECSNOOP_ARGS_SHORT 240 /* most command lines; a record of 288 bytes */
#define EXECSNOOP_ARGS_LONG 4096 /* a longer one is cut, and marked with "..." */

enum execsnoop_kind {
	EXECSNOOP_EXEC = 1,
	EXECSNOOP_EXIT = 2,
};

struct execsnoop_event {
	__u64 ns;       /* monotonic */
	__u64 took_ns;  /* EXIT: since the exec */
	__u32 kind;
	__u32 pid;
	__u32 ppid;
	__u32 uid;
	__s32 result;   /* EXEC: 0 or a negative errno; EXIT: a wait(2) status */
	__u32 args_len; /* bytes in args */
	__u32 args_cut; /* there were more */
	char comm[EXECSNOOP_COMM_LEN];
	char args[];    /* each ends with a NUL */
};

#endif
