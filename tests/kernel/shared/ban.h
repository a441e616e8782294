/* What rules and guard share: the key and the value of map ban. */
#ifndef BAN_H
#define BAN_H

#include <linux/types.h>

struct ban_key {
	__u32 pid;
};

struct ban_value {
	__u64 seen; /* counted by guard's kernel part */
	__u32 level;
	__u32 told; /* by the kernel part of rules */
};

#endif
