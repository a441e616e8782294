/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * records.h - records with all that can be wrong with one: what the fuzz targets read.
 */
#ifndef EMF_TESTS_FUZZ_RECORDS_H
#define EMF_TESTS_FUZZ_RECORDS_H

#include <emf/type.h>
#include <stddef.h>
#include <stdint.h>

struct point {
	uint32_t x;
	uint8_t is_set;
	uint8_t kind;
	uint16_t flags;
};

struct rich {
	int32_t file;
	uint32_t points_len;
	struct point points[3];
	char name[16];
	uint32_t files_len;
	int32_t files[2];
	uint32_t tail_len;
	uint8_t tail[100];
};

struct path {
	uint32_t points_len;
	struct point points[50];
};

struct big {
	uint32_t bytes_len;
	uint8_t bytes[70000];
};

static const struct emf_name kind_names[] = { { "plain", 0 }, { "loud", 1 }, { "odd", 5 }, { NULL, 0 } };
static const struct emf_name flag_names[] = { { "a", 1 }, { "b", 2 }, { "c", 0x100 }, { NULL, 0 } };

#define ONE(of, member) .offset = offsetof(struct of, member), .size = sizeof(((struct of *)0)->member), .count = 1
#define MANY(of, member, element, n)                                                                    \
	.offset = offsetof(struct of, member), .size = (element), .count = (n), .bounded = 1,           \
	.len_offset = offsetof(struct of, member##_len)

static const struct emf_member point_members[] = {
	{ .name = "x", .type = EMF_U32, ONE(point, x) },
	{ .name = "is_set", .type = EMF_BOOL, ONE(point, is_set) },
	{ .name = "kind", .type = EMF_ENUM, ONE(point, kind), .names = kind_names },
	{ .name = "flags", .type = EMF_FLAGS, ONE(point, flags), .names = flag_names },
};
static const struct emf_record point_record = { "point", sizeof(struct point), sizeof(struct point), 4, point_members };

static const struct emf_member rich_members[] = {
	{ .name = "file", .type = EMF_FD, ONE(rich, file) },
	{ .name = "points", .type = EMF_STRUCT, MANY(rich, points, sizeof(struct point), 3), .record = &point_record },
	{ .name = "name", .type = EMF_STRING, ONE(rich, name) },
	{ .name = "files", .type = EMF_FD, MANY(rich, files, sizeof(int32_t), 2) },
	{ .name = "tail", .type = EMF_U8, MANY(rich, tail, 1, 100) },
};
static const struct emf_record rich_record = { "rich", sizeof(struct rich), offsetof(struct rich, tail), 5, rich_members };

static const struct emf_member path_members[] = {
	{ .name = "points", .type = EMF_STRUCT, MANY(path, points, sizeof(struct point), 50), .record = &point_record },
};
static const struct emf_record path_record = { "path", sizeof(struct path), offsetof(struct path, points), 1, path_members };

static const struct emf_member big_members[] = { { .name = "bytes", .type = EMF_U8, MANY(big, bytes, 1, 70000) } };
static const struct emf_record big_record = { "big", sizeof(struct big), offsetof(struct big, bytes), 1, big_members };

#endif
