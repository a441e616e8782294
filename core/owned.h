/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * owned.h - what a product makes in the kernel that no file descriptor owns, so that it stays when the product is killed.
 */
#ifndef EMF_CORE_OWNED_H
#define EMF_CORE_OWNED_H

#include <net/if.h>
#include <stdint.h>

#define EMF_OWNED_MAX 128 /* of a product: more than targets of chains of two sides */

enum emf_owned_kind {
	EMF_OWNED_NOTHING,
	EMF_OWNED_TC_FILTER,
	EMF_OWNED_XDP, /* hangs by netlink, in the place of somebody else's */
};

/* A program of ours that can hang there. */
struct emf_owned_program {
	uint32_t id; /* 0: none */
	char name[16]; /* BPF_OBJ_NAME_LEN, include/uapi/linux/bpf.h */
};

/**
 * struct emf_owned - one such thing; it is sent to the guardian and written to a file as it is
 * @kind: of it
 * @ifindex: of the interface
 * @link: its name, for messages
 * @is_egress: of a filter
 * @handle: of a filter
 * @priority: of a filter
 * @made_qdisc: clsact was not there before
 * @xdp_flags: the mode of XDP
 * @other: id of the program that was there before
 * @programs: that hangs there, and that is about to take its place
 */
struct emf_owned {
	uint32_t kind;
	uint32_t ifindex;
	char link[IFNAMSIZ];
	uint32_t is_egress;
	uint32_t handle, priority;
	uint32_t made_qdisc;
	uint32_t xdp_flags;
	uint32_t other;
	struct emf_owned_program programs[2];
};

/* Id and name of a program. 0, or what the kernel reports. */
int emf_owned_program_read(int fd, struct emf_owned_program *program);

/**
 * emf_owned_remove() - take it away, if it is still ours
 * @thing: see there
 * @other: the program that was there before, to be put back; -1 if it is lost
 *
 * What hangs there by now is removed if it has the id and the name of one of ours only, and clsact if we made it and
 * nobody has a filter there.
 *
 * Return: 1 if something was removed; 0 if there was nothing of ours; or what the kernel reports.
 */
int emf_owned_remove(const struct emf_owned *thing, int other);

#endif
