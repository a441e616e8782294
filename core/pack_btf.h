/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * pack_btf.h - BTF of kernels for a package: of each what the kernel parts in it need.
 */
#ifndef EMF_CORE_PACK_BTF_H
#define EMF_CORE_PACK_BTF_H

#include <limits.h>

#include "package_write.h"

/* One that was named. */
struct emf_kernel_btf {
	char path[PATH_MAX];
	struct emf_package_btf of;
};

/* Those that were named, in the order of their releases. Begins as zeros. */
struct emf_kernel_btfs {
	struct emf_kernel_btf *all;
	size_t n;
};

/* The release that the file's name says, as in 5.15.0-91-generic.btf or vmlinux-6.1.0-18-amd64; false if it says none. */
bool emf_kernel_btf_release(const char *path, struct emf_package_btf *of);

/**
 * emf_kernel_btfs_add() - a file, or all those of a folder whose names say a release
 * @btfs: see there
 * @path: of it
 * @why: receives a sentence that says why not
 *
 * /sys/kernel/btf/vmlinux is that of the kernel that runs.
 *
 * Return: 0; -EINVAL if its name says no release, or one that was named before; -ENOENT for a folder without any; -E2BIG; or a negative errno.
 */
int emf_kernel_btfs_add(struct emf_kernel_btfs *btfs, const char *path, char why[EMF_PACKAGE_WHY_MAX]);
void emf_kernel_btfs_fini(struct emf_kernel_btfs *btfs);

/**
 * emf_kernel_btfs_pack() - put what is needed of them into a package
 * @btfs: see there
 * @modules: that are packed
 * @n: how many
 * @parts: of the package
 * @why: receives a sentence that says why not
 *
 * Return: 0; -ENOTSUP for a module that needs all of a kernel's BTF; -EINVAL for what is no BTF, or of another machine; -E2BIG; -ENOMEM.
 */
int emf_kernel_btfs_pack(const struct emf_kernel_btfs *btfs, const struct module *const *modules, size_t n, struct emf_package_parts *parts,
			 char why[EMF_PACKAGE_WHY_MAX]);

#endif
