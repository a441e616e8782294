/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * emf/types.h - what generated headers need on both sides of the kernel boundary.
 * The names of types are the kernel's: those of vmlinux.h, if that was included
 * before, and those of <linux/types.h> otherwise.
 */
#ifndef EMF_TYPES_H
#define EMF_TYPES_H

#ifndef __VMLINUX_H__
#include <linux/types.h>
#endif

#ifdef __cplusplus
#define EMF_STATIC_ASSERT static_assert
#else
#define EMF_STATIC_ASSERT _Static_assert
#endif

/* A compiler that would lay out a shared structure otherwise must not build it. */
#define EMF_SIZE_IS(type, bytes) \
	EMF_STATIC_ASSERT(sizeof(type) == (bytes), #type " has another size than its description")
#define EMF_OFFSET_IS(type, member, bytes)                     \
	EMF_STATIC_ASSERT(__builtin_offsetof(type, member) == (bytes), \
			  #type "." #member " has another place than its description")

#endif
