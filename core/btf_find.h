/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * btf_find.h - the types that an object is relocated by: the kernel's own, what the cache has of them, or those in the product.
 */
#ifndef EMF_CORE_BTF_FIND_H
#define EMF_CORE_BTF_FIND_H

#include <stddef.h>

#include "btf_hub.h"

struct emf_pack;
struct module;

/**
 * emf_btf_find() - find them
 * @m: whose the object is, for messages, or NULL
 * @pack: the object as it is in the product
 * @bytes: of it as it will be opened
 * @size: of them
 * @path: receives a path for bpf_object_open_opts.btf_custom_path; NULL for the kernel's whole BTF
 * @why: receives a sentence that says why not
 *
 * Return: 0; of a product that brings BTF of kernels what emf_btf_hub_path() reports.
 */
int emf_btf_find(const struct module *m, const struct emf_pack *pack, const void *bytes, size_t size, const char **path,
		 char why[EMF_BTF_HUB_WHY_MAX]);

#endif
