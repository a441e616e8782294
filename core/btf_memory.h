/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * btf_memory.h - types as a file, which libbpf wants, that is nowhere but in memory.
 */
#ifndef EMF_CORE_BTF_MEMORY_H
#define EMF_CORE_BTF_MEMORY_H

#include <stddef.h>

/* Begins as zeros. */
struct emf_btf_memory {
	int fd;
	char path[32]; /* empty: there is none */
};

/* 0, or a negative errno: also where /proc, by which the path goes, is not mounted. */
int emf_btf_memory_open(struct emf_btf_memory *memory, const void *bytes, size_t size);
void emf_btf_memory_close(struct emf_btf_memory *memory);

#endif
