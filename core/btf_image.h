/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * btf_image.h - an entry of the BTF cache as bytes: what a product needs of one kernel's BTF.
 */
#ifndef EMF_CORE_BTF_IMAGE_H
#define EMF_CORE_BTF_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "btf_reduce.h"
#include "btf_target.h"

#define EMF_BTF_TARGETS_MAX 256		   /* of a product */
#define EMF_BTF_OBJECTS_MAX 1024	   /* the same */
#define EMF_BTF_IMAGE_MAX (16 * 1024 * 1024) /* as much as a whole BTF has */

/* What an entry is for; hashes, which say nothing to who could write the entry. */
struct emf_btf_key {
	uint64_t kernel;
	uint64_t objects;
};

/**
 * struct emf_btf_image - an entry
 * @key: what it is for
 * @btf: the part of the kernel's BTF
 * @btf_size: of it
 * @uses: enum emf_btf_use, of each object of the product
 * @n_objects: of them
 * @targets: that the kernel has
 * @n_targets: of them
 */
struct emf_btf_image {
	struct emf_btf_key key;
	const void *btf;
	uint32_t btf_size;
	const uint8_t *uses;
	uint32_t n_objects;
	const struct emf_btf_target *targets;
	uint32_t n_targets;
};

/* The whole in one piece, to be freed. NULL for ENOMEM. */
void *emf_btf_image_write(const struct emf_btf_image *image, size_t *size);

/**
 * emf_btf_image_read() - take it apart, and trust nothing in it
 * @image: receives it; what it points to stays in @bytes
 * @bytes: aligned to 8
 * @size: of them
 *
 * Return: 0; -EINVAL if they are not whole, or none of this version.
 */
int emf_btf_image_read(struct emf_btf_image *image, const void *bytes, size_t size);

/* A hash that goes on from @hash, which begins as 0. */
uint64_t emf_btf_hash(uint64_t hash, const void *bytes, size_t size);

#endif
