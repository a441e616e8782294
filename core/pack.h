/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * pack.h - what is compressed in the product, as it was.
 */
#ifndef EMF_CORE_PACK_H
#define EMF_CORE_PACK_H

#include <stddef.h>

#include <emf/object.h>

/**
 * emf_pack_open() - the bytes as they were before they were compressed
 * @pack: one member of gzip
 * @size: receives how many
 *
 * Return: to be freed by the caller, aligned as malloc(3) does; NULL and errno: ENOMEM; EBADMSG if the binary is damaged.
 */
void *emf_pack_open(const struct emf_pack *pack, size_t *size);

#endif
