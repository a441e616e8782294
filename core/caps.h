/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * caps.h - capabilities of this process.
 */
#ifndef EMF_CORE_CAPS_H
#define EMF_CORE_CAPS_H

#include <stdbool.h>
#include <stdint.h>

/* include/uapi/linux/capability.h; spelt out, since older headers lack the last two. */
enum {
	EMF_CAP_NET_ADMIN = 12,
	EMF_CAP_SYS_ADMIN = 21,
	EMF_CAP_SYS_RESOURCE = 24,
	EMF_CAP_PERFMON = 38,
	EMF_CAP_BPF = 39,
};

/* The effective set; 0 or a negative errno. */
int emf_caps_effective(uint64_t *caps);

/* CAP_SYS_ADMIN stands for CAP_BPF and CAP_PERFMON, as in the kernel. */
bool emf_caps_have(uint64_t caps, int cap);

/* "CAP_BPF"; NULL for one that has no name here. */
const char *emf_caps_name(int cap);

#endif
