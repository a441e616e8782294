/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * package_shape.h - what the tables of a module are made of, as data: one writer makes a
 * package of them, and one reader makes them of a package.
 */
#ifndef EMF_CORE_PACKAGE_SHAPE_H
#define EMF_CORE_PACKAGE_SHAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The structures, and arrays of numbers and of texts. Their numbers are in files: new ones are added at the end. */
enum emf_shape_id {
	EMF_SHAPE_MODULE,
	EMF_SHAPE_OBJECT,
	EMF_SHAPE_STORE,
	EMF_SHAPE_PARAM,
	EMF_SHAPE_NAME,
	EMF_SHAPE_CONDITION,
	EMF_SHAPE_RANGE,
	EMF_SHAPE_MEMBER,
	EMF_SHAPE_RECORD,
	EMF_SHAPE_ATTACH,
	EMF_SHAPE_NEED,
	EMF_SHAPE_SHARED_MAP,
	EMF_SHAPE_EVENT_SOURCE,
	EMF_SHAPE_EVENT_TYPE,
	EMF_SHAPE_EVENT_FILTER,
	EMF_SHAPE_COUNTERS,
	EMF_SHAPE_METRIC,
	EMF_SHAPE_VIEW,
	EMF_SHAPE_VIEW_STACKS,
	EMF_SHAPE_LOST,
	EMF_SHAPE_VIEWS,
	EMF_SHAPE_PROVIDED,
	EMF_SHAPE_SERVICE,
	EMF_SHAPE_BUS_MEMBER,
	EMF_SHAPE_U32,
	EMF_SHAPE_U64,
	EMF_SHAPE_WORD,
	EMF_SHAPE_EVENT_STACKS,
	EMF_SHAPE_KERNEL_ENUM,
	EMF_SHAPES,
};

/**
 * enum emf_shape_kind - what a member is
 * @EMF_KIND_NUMBER: an integer, an enum
 * @EMF_KIND_BOOL: 0 or 1
 * @EMF_KIND_TEXT: ended by a NUL
 * @EMF_KIND_ONE: points to one structure, or into an array of them
 * @EMF_KIND_TABLE: points to an array whose last one has a first member of 0
 * @EMF_KIND_COUNTED: points to an array; another member says how many
 * @EMF_KIND_STORAGE: points to the value of a parameter, which is its default
 * @EMF_KIND_VALUE: points to the value of a parameter of the module
 * @EMF_KIND_TEXT_OR_VALUE: one of the two
 * @EMF_KIND_BYTES: points to a struct emf_pack
 * @EMF_KIND_CODE: a function, or something for C alone: NULL in a package
 * @EMF_KIND_OWN: filled in while it runs
 */
enum emf_shape_kind {
	EMF_KIND_NUMBER,
	EMF_KIND_BOOL,
	EMF_KIND_TEXT,
	EMF_KIND_ONE,
	EMF_KIND_TABLE,
	EMF_KIND_COUNTED,
	EMF_KIND_STORAGE,
	EMF_KIND_VALUE,
	EMF_KIND_TEXT_OR_VALUE,
	EMF_KIND_BYTES,
	EMF_KIND_CODE,
	EMF_KIND_OWN,
};

/* In a file a member has its index in this table, from 1: new ones are added at the end. */
struct emf_shape_member {
	const char *name;
	uint8_t kind;  /* enum emf_shape_kind */
	uint8_t of;    /* enum emf_shape_id, of what it points to */
	uint16_t size; /* of a number, in bytes; of what an EMF_KIND_VALUE points to, 0 for any */
	uint16_t offset;
	uint16_t count_offset, count_size; /* of EMF_KIND_COUNTED */
	uint8_t count_less;		   /* it points to so many less */
};

static inline bool emf_shape_is_number(const struct emf_shape_member *member)
{
	return member->kind == EMF_KIND_NUMBER || member->kind == EMF_KIND_BOOL;
}

struct emf_shape {
	const char *name;
	uint16_t size; /* in bytes */
	uint8_t n;
	const struct emf_shape_member *members;
};

extern const struct emf_shape emf_shapes[EMF_SHAPES];

/* A number of a structure, of 1 to 8 bytes. */
uint64_t emf_shape_load(const void *at, size_t size);

/* How many an EMF_KIND_COUNTED says that there are. */
uint64_t emf_shape_count(const struct emf_shape_member *member, const void *structure);

#endif
