/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef BAG_H
#define BAG_H

#include <linux/types.h>

#define BAG_BIG 65536

struct bag_key {
	__u32 a;
	__u16 b;
	__u16 c;
};

struct bag_row {
	__u64 packets;
	__u64 bytes;
	char name[8];
};

struct bag_total {
	__u64 n;
	__u32 small[3];
	char text[4];
};

#endif
