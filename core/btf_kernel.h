/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * btf_kernel.h - which kernel runs, as a number that another build of it does not have; and whether its types are there.
 */
#ifndef EMF_CORE_BTF_KERNEL_H
#define EMF_CORE_BTF_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The build id in ELF notes, as in /sys/kernel/notes; @size receives how long it is. NULL if there is none. */
const void *emf_kernel_build_id(const void *notes, size_t notes_size, size_t *size);

/* By its build id; without one by its release, its version, which has the time of the build, and the size of its BTF. */
uint64_t emf_btf_kernel(void);

/* The BTF of the kernel that runs, to be freed. Returns 0; -ENOENT where the kernel does not show it; another negative errno. */
int emf_btf_kernel_read(void **bytes, size_t *size);

/* Whether this machine has the BTF of its kernel, where the kernel shows it or where libbpf looks for a vmlinux. */
bool emf_kernel_has_btf(void);

#endif
