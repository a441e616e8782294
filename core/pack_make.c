// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * pack_make.c - bytes as gzip has them: RFC 1952 around blocks of RFC 1951 that are stored as they are.
 */
#include "pack_make.h"

#include <endian.h>
#include <string.h>
#include <zlib.h>

#define BLOCK_MAX 65535 /* RFC 1951, 3.2.4: its length has 16 bits */

static void store(struct emf_bytes *out, const unsigned char *bytes, size_t size)
{
	size_t n;

	do {
		n = size < BLOCK_MAX ? size : BLOCK_MAX;
		emf_bytes_add(out, &(unsigned char){ n == size }, 1); /* whether it is the last one; of kind 0 */
		emf_bytes_add(out, (const uint16_t[]){ htole16((uint16_t)n), htole16((uint16_t)~n) }, 4);
		emf_bytes_add(out, bytes, n);
		bytes += n;
		size -= n;
	} while (size);
}

void emf_pack_make(const void *bytes, size_t size, struct emf_bytes *out)
{
	/* Without a name and a time; of no known system. */
	static const unsigned char header[] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255 };
	uint32_t trailer[2] = { htole32((uint32_t)crc32(0, bytes, (unsigned int)size)), htole32((uint32_t)size) };

	emf_bytes_add(out, header, sizeof(header));
	store(out, bytes, size);
	emf_bytes_add(out, trailer, sizeof(trailer));
}
