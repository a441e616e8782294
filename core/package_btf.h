/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * package_btf.h - types of the kernel that runs, from a package: for a machine that has no BTF of its kernel.
 */
#ifndef EMF_CORE_PACKAGE_BTF_H
#define EMF_CORE_PACKAGE_BTF_H

#include <bpf/btf.h>

#include "btf_memory.h"
#include "package_file.h"

/* Of an open package: once they were asked for, the types as a file, which libbpf wants. Begins as zeros. */
struct emf_package_kernel {
	struct emf_btf_memory memory;
};

/* The types that are in one of package->btfs, as far as libbpf and we can walk them; NULL and errno: EBADMSG for damaged ones, ENOMEM. */
struct btf *emf_package_btf_read(const struct emf_pack *pack);

/* As emf_package_image_btf(). $EMF_BTF=package: also where the machine has its own. */
int emf_package_kernel_open(struct emf_package_kernel *kernel, const struct emf_package *package, const char **path, char why[EMF_PACKAGE_WHY_MAX]);
void emf_package_kernel_close(struct emf_package_kernel *kernel);

#endif
