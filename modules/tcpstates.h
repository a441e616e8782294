/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * tcpstates.h - records of tcpstates' kernel part.
 */
#ifndef TCPSTATES_H
#define TCPSTATES_H

#include <linux/types.h>

struct tcpstates_event {
	__u64 ns;       /* monotonic */
	__u64 took_ns;  /* in the old state; 0 if its begin was not seen */
	__u64 socket;   /* tells one socket from another */
	__u32 pid;      /* who made it connect or listen; 0 if that was not seen */
	__u16 family;
	__u8 old_state;
	__u8 new_state;
	__u16 sport;    /* host order */
	__u16 dport;
	char comm[16];  /* TASK_COMM_LEN, include/linux/sched.h */
	__u8 saddr[16]; /* network order; the first 4 bytes for IPv4 */
	__u8 daddr[16];
	__u8 pad[4];
};

#endif
