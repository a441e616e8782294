/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * tc_filter.h - filters of an interface's clsact, whoever made them.
 */
#ifndef EMF_CORE_TC_FILTER_H
#define EMF_CORE_TC_FILTER_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct emf_tc_filter - one of them
 * @priority: lower ones run before
 * @handle: of it among those of one priority; 0 stands for the priority itself
 * @program: id of an eBPF program, or 0
 * @name: of that, as its owner gave it
 */
struct emf_tc_filter {
	uint32_t priority, handle;
	uint32_t program;
	char name[64];
};

/**
 * emf_tc_filters() - look at all of one side
 * @ifindex: of the interface
 * @is_egress: packets on their way out, else in
 * @each: is called with each of them, in no order
 * @arg: of @each
 *
 * Return: 0, also where there is no clsact; or what the kernel reports, such as -ENODEV.
 */
int emf_tc_filters(unsigned int ifindex, bool is_egress, void (*each)(void *arg, const struct emf_tc_filter *filter), void *arg);

/* Whether there is none on either side. */
bool emf_tc_is_empty(unsigned int ifindex);

#endif
