/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * constant.h - numbers of the kernel by the names of their constants: states of TCP,
 * protocols, system calls, capabilities.
 */
#ifndef EMF_CORE_CONSTANT_H
#define EMF_CORE_CONSTANT_H

#include <stddef.h>

#include <emf/type.h>

/**
 * emf_constant_name() - what a number is called
 * @type: EMF_TCP_STATE, EMF_IPPROTO, EMF_SYSCALL or EMF_CAP
 * @number: any
 *
 * Return: a constant text; NULL for a number without a name, and for other types.
 */
const char *emf_constant_name(enum emf_type type, uint64_t number);

/**
 * emf_constant_find() - the way back
 * @type: see there
 * @text: a name in any case; of a capability with CAP_ or without
 * @number: receives it; untouched on error
 *
 * Return: 0; -EINVAL for what is no name.
 */
int emf_constant_find(enum emf_type type, const char *text, uint64_t *number);

/* By number, of the machine that this is built for; NULL where there is none. The build makes them, obj/syscall_names.c. */
extern const char *const emf_syscall_names[];
extern const size_t emf_n_syscall_names;

#endif
