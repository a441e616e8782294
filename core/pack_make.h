/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * pack_make.h - bytes as gzip(1) has them, made by the product.
 */
#ifndef EMF_CORE_PACK_MAKE_H
#define EMF_CORE_PACK_MAKE_H

#include "package_bytes.h"

/*
 * Appends one member of gzip, which emf_pack_open() reads; the same bytes make the same one. They are stored as they are: of zlib
 * there is only what reads in a product, see no_deflate.c, and what a product makes is small. What failed is in out->failed.
 */
void emf_pack_make(const void *bytes, size_t size, struct emf_bytes *out);

#endif
