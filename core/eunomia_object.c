// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * eunomia_object.c - the kernel part in eunomia-bpf's JSON: base64 of what zlib has compressed.
 */
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "bpf_error.h"
#include "eunomia_reader.h"

/* RFC 1950 and RFC 1952: what stands around the same compressed bytes. */
#define ZLIB_HEADER 2
#define ZLIB_TRAILER 4
#define GZIP_TRAILER 8
static const unsigned char gzip_header[] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255 };

/* --- base64, RFC 4648 */

static int digit_of(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* How many bytes, written to @to; or -1. */
static ssize_t decode(const char *text, size_t size, unsigned char *to)
{
	size_t padding = size && text[size - 1] == '=' ? 1 + (size > 1 && text[size - 2] == '=') : 0, n = 0;
	uint32_t bits = 0;

	if (size % 4)
		return -1;
	for (size_t i = 0; i < size; i++) {
		int digit = i < size - padding ? digit_of(text[i]) : 0;

		if (digit < 0)
			return -1;
		bits = bits << 6 | (uint32_t)digit;
		if (i % 4 != 3)
			continue;
		to[n++] = (unsigned char)(bits >> 16);
		to[n++] = (unsigned char)(bits >> 8);
		to[n++] = (unsigned char)bits;
	}
	return (ssize_t)(n - padding);
}

/* --- zlib */

/* Into as many bytes as are said, and not one more. */
static bool unpack(struct eunomia *e, unsigned char *from, size_t from_size, unsigned char *to, size_t size)
{
	z_stream stream = { .next_in = from, .avail_in = (uInt)from_size, .next_out = to, .avail_out = (uInt)size };
	int status = inflateInit(&stream);

	if (status == Z_OK) {
		status = inflate(&stream, Z_FINISH);
		inflateEnd(&stream);
	}
	if (status == Z_STREAM_END && stream.total_out == size && !stream.avail_in)
		return true;
	if (status == Z_STREAM_END && !stream.avail_in)
		return emf_eunomia_fail(e, "bpf_object has %lu bytes unpacked, and bpf_object_size says %zu: one of them was changed", stream.total_out, size);
	if (!stream.avail_out && (status == Z_OK || status == Z_BUF_ERROR))
		return emf_eunomia_fail(e, "bpf_object has more bytes unpacked than the %zu of bpf_object_size: one of them was changed", size);
	return emf_eunomia_fail(e, "bpf_object is not what zlib has compressed, or its end is missing");
}

/* The same compressed bytes as gzip has them: nothing is compressed anew. */
static void pack(struct eunomia *e, const unsigned char *from, size_t from_size, const unsigned char *unpacked, size_t size)
{
	size_t body = from_size - ZLIB_HEADER - ZLIB_TRAILER;
	uint32_t trailer[2] = { htole32((uint32_t)crc32(0, unpacked, (uInt)size)), htole32((uint32_t)size) };
	unsigned char *to = emf_eunomia_memory(e, sizeof(gzip_header) + body + GZIP_TRAILER, 1);

	if (!to)
		return;
	e->pack.start = memcpy(to, gzip_header, sizeof(gzip_header));
	memcpy(to + sizeof(gzip_header), from + ZLIB_HEADER, body);
	memcpy(to + sizeof(gzip_header) + body, trailer, sizeof(trailer));
	e->pack.end = to + sizeof(gzip_header) + body + GZIP_TRAILER;
}

/* --- */

static void open_it(struct eunomia *e, const char *module, const void *bytes, size_t size)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts);
	struct emf_bpf_error error;
	char name[80];

	snprintf(name, sizeof(name), "%.63s_bpf", module);
	opts.object_name = name;
	emf_bpf_error_init();
	emf_bpf_error_begin(&error, NULL);
	e->object = bpf_object__open_mem(bytes, size, &opts);
	if (!e->object)
		emf_eunomia_fail(e, "bpf_object cannot be opened: %.150s", error.said[0] ? error.said : "it is no compiled kernel part");
	emf_bpf_error_end(&error, "open", NULL, 0);
	e->btf = e->object ? bpf_object__btf(e->object) : NULL;
	if (e->object && !e->btf)
		emf_eunomia_fail(e, "bpf_object has no BTF, which says what its variables and records are: compile it with -g");
}

bool emf_eunomia_open_object(const struct eunomia_at *top, struct eunomia *e, const char *module)
{
	const char *text = emf_eunomia_text(top, "bpf_object", NULL);
	size_t size = (size_t)emf_eunomia_number(top, "bpf_object_size", 0, 1, EMF_PACKAGE_OBJECT_MAX);
	size_t n = text ? strlen(text) : 0;
	unsigned char *packed, *bytes;
	ssize_t packed_size;

	if (!e->err && (!text || !size))
		return emf_eunomia_fail(e, "it has no %s: a package has bpf_object, bpf_object_size and meta", text ? "bpf_object_size" : "bpf_object");
	packed = emf_eunomia_memory(e, n + 1, 1);
	bytes = e->err ? NULL : malloc(size);
	if (!packed || !bytes) {
		free(bytes);
		return e->err ? false : emf_eunomia_fail(e, "out of memory");
	}
	packed_size = decode(text, n, packed);
	if (packed_size <= ZLIB_HEADER + ZLIB_TRAILER)
		emf_eunomia_fail(e, "bpf_object is no base64 of a kernel part");
	else if (unpack(e, packed, (size_t)packed_size, bytes, size))
		pack(e, packed, (size_t)packed_size, bytes, size);
	if (!e->err)
		open_it(e, module, bytes, size);
	free(bytes);
	return !e->err;
}
