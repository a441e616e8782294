/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * log2.h - the slot of a value in a histogram of powers of two, for kernel parts.
 */
#ifndef LOG2_H
#define LOG2_H

#define LOG2_SLOTS 64

/* Slot 0 has 0 and 1, slot i those from 2^i to 2^(i+1) - 1; by halves, since there is no such instruction. */
static __always_inline __u32 log2_slot(__u64 v)
{
	__u32 slot = 0;

#pragma unroll
	for (int shift = 32; shift > 0; shift /= 2) {
		if (v >> shift) {
			v >>= shift;
			slot += shift;
		}
	}
	return slot & (LOG2_SLOTS - 1);
}

#endif
