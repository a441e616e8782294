/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * rodata.h - constants of a kernel part that the core writes itself.
 */
#ifndef EMF_CORE_RODATA_H
#define EMF_CORE_RODATA_H

#include <stddef.h>

struct bpf_object;

/* A variable of .rodata of an object that is open and not loaded; NULL if there is none of that name and size. */
void *emf_rodata_find(const struct bpf_object *object, const char *name, size_t size);

#endif
