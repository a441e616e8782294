/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * caps.h - capabilities of this process.
 */
#ifndef EMF_CORE_CAPS_H
#define EMF_CORE_CAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* include/uapi/linux/capability.h; spelt out, since older headers lack the last two. */
enum {
	EMF_CAP_KILL = 5,
	EMF_CAP_SETGID = 6,
	EMF_CAP_SETUID = 7,
	EMF_CAP_SETPCAP = 8,
	EMF_CAP_NET_ADMIN = 12,
	EMF_CAP_SYS_ADMIN = 21,
	EMF_CAP_SYS_RESOURCE = 24,
	EMF_CAP_PERFMON = 38,
	EMF_CAP_BPF = 39,
};

/* The effective set; 0 or a negative errno. */
int emf_caps_effective(uint64_t *caps);

/* Whether this process can do more than its user: root, or any capability. */
bool emf_caps_is_privileged(void);

/**
 * emf_caps_bound() - what this process executes has no other capabilities
 * @caps: those
 * @is_must: that it cannot be bounded is an error: without CAP_SETPCAP it cannot
 *
 * Return: 0 or a negative errno.
 */
int emf_caps_bound(uint64_t caps, bool is_must);

/**
 * emf_caps_set() - this thread has these capabilities, of those that it had
 * @caps: those
 * @hands_on: what it executes has them, too; else nothing but what a user 0, or the file, has anyway
 *
 * Return: 0 or a negative errno.
 */
int emf_caps_set(uint64_t caps, bool hands_on);

/**
 * emf_caps_read() - capabilities from a list
 * @list: "bpf, net_admin", also "CAP_BPF"; or "none"
 * @caps: receives them
 * @word: receives the word that is no capability, cut; "" of a list without words
 * @size: of it
 *
 * Return: 0, or -EINVAL.
 */
int emf_caps_read(const char *list, uint64_t *caps, char *word, size_t size);

/* CAP_SYS_ADMIN stands for CAP_BPF and CAP_PERFMON, as in the kernel. */
bool emf_caps_have(uint64_t caps, int cap);

/* "CAP_BPF"; NULL for one that has no name here. */
const char *emf_caps_name(int cap);

#endif
