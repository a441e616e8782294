// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * crc32.c - the checksum of RFC 1952, which inflate() and the BTF cache call. zlib's own is
 * made for gigabytes: its tables are 12 KiB of each product, and what is summed here is
 * some 20 KiB. This one stands in its place when zlib is linked statically.
 */
#include <stdint.h>
#include <zlib.h>

#define POLYNOMIAL 0xedb88320u /* RFC 1952, 8.: of IEEE 802.3, bits reversed */

static uint32_t table[256];

static void fill(void)
{
	for (uint32_t byte = 0; byte < 256; byte++) {
		uint32_t sum = byte;

		for (int bit = 0; bit < 8; bit++)
			sum = sum >> 1 ^ (sum & 1 ? POLYNOMIAL : 0);
		table[byte] = sum;
	}
}

uLong crc32(uLong sum, const Bytef *bytes, uInt size)
{
	uint32_t now = (uint32_t)~sum;

	if (!bytes)
		return 0;
	if (!table[1])
		fill();
	while (size--)
		now = now >> 8 ^ table[(uint8_t)(now ^ *bytes++)];
	return (uint32_t)~now;
}
