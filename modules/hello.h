/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef HELLO_H
#define HELLO_H

#include <linux/types.h>

struct hello_greeting {
	__u32 pid;
	char comm[16];
};

#endif
