/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * package_bytes.h - bytes of a package: appended when it is made, taken when it is read.
 */
#ifndef EMF_CORE_PACKAGE_BYTES_H
#define EMF_CORE_PACKAGE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Grows as it is filled; once there is no memory it stays as it is. */
struct emf_bytes {
	unsigned char *data;
	size_t size, room;
	bool failed;
};

void emf_bytes_add(struct emf_bytes *bytes, const void *data, size_t size);
void emf_bytes_free(struct emf_bytes *bytes);

/* Writes them to a file, which has its old content or the new one; "-" is the standard output. 0 or a negative errno. */
int emf_bytes_store(const struct emf_bytes *bytes, const char *path);

/* 7 bits in a byte, the low ones first; the last byte has no high bit. */
void emf_bytes_add_number(struct emf_bytes *bytes, uint64_t number);

/* What is left to be read; once something is missing nothing is left. */
struct emf_bytes_left {
	const unsigned char *at, *end;
	bool failed;
};

uint64_t emf_bytes_number(struct emf_bytes_left *left);

/* NULL if there are not so many. */
const void *emf_bytes_take(struct emf_bytes_left *left, size_t size);

#endif
