// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * pack.c - what is compressed in the product, as it was.
 */
#include "pack.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define GZIP_WINDOW (16 + MAX_WBITS) /* zlib.h: 16 asks for the header of gzip */
#define GZIP_TRAILER 8		     /* RFC 1952: CRC32 and the size of the input, each of 4 bytes, least significant first */
#define PACK_MAX (64u << 20)	     /* more than any object has, and what a damaged one may ask for */

static size_t size_of(const struct emf_pack *pack)
{
	const unsigned char *at = pack->end - sizeof(uint32_t);

	return at[0] | (size_t)at[1] << 8 | (size_t)at[2] << 16 | (size_t)at[3] << 24;
}

static int inflate_to(const struct emf_pack *pack, void *bytes, size_t size)
{
	z_stream stream = { .next_in = (Bytef *)(uintptr_t)pack->start, .avail_in = (uInt)(pack->end - pack->start),
			    .next_out = bytes, .avail_out = (uInt)size };
	int status = inflateInit2(&stream, GZIP_WINDOW);

	if (status == Z_OK) {
		status = inflate(&stream, Z_FINISH);
		inflateEnd(&stream);
	}
	if (status == Z_MEM_ERROR)
		return -ENOMEM;
	return status == Z_STREAM_END && stream.total_out == size ? 0 : -EBADMSG;
}

void *emf_pack_open(const struct emf_pack *pack, size_t *size)
{
	void *bytes;
	int err;

	*size = pack->end - pack->start < GZIP_TRAILER ? SIZE_MAX : size_of(pack);
	if (*size > PACK_MAX) {
		errno = EBADMSG;
		return NULL;
	}
	bytes = malloc(*size ? *size : 1);
	err = bytes ? inflate_to(pack, bytes, *size) : -ENOMEM;
	if (!err)
		return bytes;
	free(bytes);
	errno = -err;
	return NULL;
}
