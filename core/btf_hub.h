/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * btf_hub.h - types of kernels that have no BTF, in the product: of each what the kernel parts of the product need.
 *
 * emfgen btfhub writes them with the build, as one member of gzip, if configure was given --with-btfhub. Only then is
 * btf_hub.c a part of the product.
 */
#ifndef EMF_CORE_BTF_HUB_H
#define EMF_CORE_BTF_HUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EMF_BTF_HUB_MAGIC "EMFHUB1\n"

/* In front of it; behind it objects, kernels, and the types as raw BTF. Numbers are little-endian. */
struct emf_btf_hub_head {
	char magic[8];
	uint32_t n_objects, n_kernels;
};

/* A kernel part that it is for. */
struct emf_btf_hub_object {
	uint32_t crc, size; /* what gzip has behind it: it tells the objects of a product apart */
	uint32_t use;	    /* enum emf_btf_use */
};

/* A kernel. Texts end with a zero at least. */
struct emf_btf_hub_kernel {
	char release[72];      /* uname -r: __NEW_UTS_LEN of the kernel has 64 */
	char distribution[24]; /* ID of /etc/os-release; empty if nobody knows */
	char version[24];      /* VERSION_ID */
	uint32_t offset, size; /* of its types: the same for kernels that do not differ in what is needed */
};

struct emf_pack;

#define EMF_BTF_HUB_WHY_MAX 512 /* of a sentence */

/* What is said of it. */
struct emf_btf_hub_about {
	size_t n_kernels, n_bytes;	/* that are in the product, compressed */
	bool has_it;			/* that of the kernel that runs */
	char text[EMF_BTF_HUB_WHY_MAX]; /* which one: "debian 10 4.19.0-20-amd64"; or why none */
};

/**
 * emf_btf_hub_path() - what an object is relocated by, where the kernel that runs has no BTF
 * @pack: the object as it is in the product
 * @path: receives a path for bpf_object_open_opts.btf_custom_path, valid as long as the process lives
 * @why: receives a sentence that says why not
 *
 * NULL in a product that was built without.
 *
 * Return: 0; -EOPNOTSUPP if it has none for this kernel, or for this object; or a negative errno.
 */
int emf_btf_hub_path(const struct emf_pack *pack, const char **path, char why[EMF_BTF_HUB_WHY_MAX]) __attribute__((weak));

/* What there is for the kernel that runs, whether it is needed or not. NULL as above. */
void emf_btf_hub_about(struct emf_btf_hub_about *about) __attribute__((weak));

#endif
