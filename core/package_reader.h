/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * package_reader.h - what the parts of the reader of packages share.
 */
#ifndef EMF_CORE_PACKAGE_READER_H
#define EMF_CORE_PACKAGE_READER_H

#include "package_bytes.h"
#include "package_read.h"
#include "package_shape.h"

struct emf_package_array {
	enum emf_shape_id shape;
	uint32_t n;
	uint16_t depth;
	char *at; /* one more than @n, which is 0 and ends a table */
};

struct emf_package_reader {
	const struct emf_package *package;
	struct emf_bytes_left left;
	struct emf_package_array *arrays;
	uint32_t n, done;
	uint16_t depth; /* of what the array points to */
	char *memory, *memory_end;
	char *why;
	int err;
};

/* Keeps the first sentence. Return: false. */
bool __attribute__((format(printf, 3, 4))) emf_package_fail(struct emf_package_reader *r, int err, const char *fmt, ...);

/* The same of half a sentence about tables that no product has written. */
bool emf_package_bad(struct emf_package_reader *r, const char *what);

/* Of the block, aligned to 16 and 0; NULL with an error. */
void *emf_package_memory(struct emf_package_reader *r, uint64_t size);

/* Into an array that was read; NULL with an error. @left: how many there are from there on. */
char *emf_package_pointer(struct emf_package_reader *r, enum emf_shape_id shape, uint32_t *left);

/* One member of a structure, of any kind but EMF_KIND_COUNTED. */
bool emf_package_member(struct emf_package_reader *r, const struct emf_shape_member *member, char *at);

#endif
