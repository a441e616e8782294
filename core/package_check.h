/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * package_check.h - what the tables of a package mean. Generated tables are such by the way
 * they are made; those of a package may have been made by anybody.
 */
#ifndef EMF_CORE_PACKAGE_CHECK_H
#define EMF_CORE_PACKAGE_CHECK_H

#include "package_shape.h"

struct emf_unit;

/**
 * emf_package_mistake() - what is wrong with a structure
 * @shape: of it
 * @structure: all that it points to was found right
 *
 * Return: half a sentence, or NULL.
 */
const char *emf_package_mistake(enum emf_shape_id shape, const void *structure);

/* The same of what is printed, counted and sent: package_check_shown.c */
const char *emf_package_mistake_shown(enum emf_shape_id shape, const void *structure);

struct emf_member;
struct emf_scale;

/* Letters, digits, '_', '-' and '.', 63 at most: of what is written into files and messages. */
bool emf_package_is_name(const char *name);

/* A plain member that ends within so many bytes. */
bool emf_package_is_within(const struct emf_member *member, uint64_t bytes);

#define EMF_PACKAGE_KERNEL_ENUMS_MAX 64	  /* of a module: MAX_KERNEL_ENUMS, infer_record.py */
#define EMF_PACKAGE_KERNEL_NAMES_MAX 1024 /* of one of them; the longest has some 200 */
#define EMF_PACKAGE_MAPS_MAX 256 /* of a kernel part; a tool has 20 */

/**
 * emf_package_bounds() - whether a kernel part may be opened at all
 * @bytes: of it
 * @size: of them
 *
 * libbpf compares each map with each other: with 65535 of them, which is what BTF can declare, that takes a minute.
 *
 * Return: NULL, or what is wrong with it.
 */
const char *emf_package_bounds(const void *bytes, size_t size);

/**
 * emf_package_fits() - whether the opened kernel part is the one that the tables tell of
 * @unit: of a module of a package
 *
 * Return: half a sentence about what is wrong, or NULL.
 */
const char *emf_package_fits(const struct emf_unit *unit);

#endif
