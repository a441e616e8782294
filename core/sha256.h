/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * sha256.h - the hash of FIPS 180-4.
 */
#ifndef EMF_CORE_SHA256_H
#define EMF_CORE_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define EMF_SHA256_BYTES 32

/* Of up to 2^61 bytes. */
void emf_sha256(const void *data, size_t size, unsigned char hash[EMF_SHA256_BYTES]);

#endif
