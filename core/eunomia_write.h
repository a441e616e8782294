/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * eunomia_write.h - a module as a package of eunomia-bpf.
 */
#ifndef EMF_CORE_EUNOMIA_WRITE_H
#define EMF_CORE_EUNOMIA_WRITE_H

#include <emf/module.h>

#include "package_file.h"

struct btf;

/**
 * emf_eunomia_write() - the JSON of one module
 * @m: without C of its own
 * @why: receives a sentence that says what of it such a package cannot have
 *
 * The same module makes the same text. What its options are when it is packed, is their default.
 *
 * Return: to be freed; NULL with a sentence.
 */
char *emf_eunomia_write(const struct module *m, char why[EMF_PACKAGE_WHY_MAX]);

/* --- between its files */

struct bpf_object;

/* Whom it is about, and the first sentence about what cannot be. */
struct eunomia_writer {
	const struct module *m;
	struct bpf_object *object;
	const struct btf *btf;
	char *why;
	bool failed;
};

/* Keeps the first sentence, begun with the name of the module. Return: false. */
bool __attribute__((format(printf, 2, 3))) emf_eunomia_cannot(struct eunomia_writer *w, const char *fmt, ...);

/* Maps with what is printed of them, programs with where they hang; an array, or NULL with a sentence: eunomia_write_parts.c. */
struct json_t *emf_eunomia_write_maps(struct eunomia_writer *w);
struct json_t *emf_eunomia_write_programs(struct eunomia_writer *w);

struct emf_event_source;

/* What the records of a ring are, for export_config: eunomia_write_record.c. */
struct json_t *emf_eunomia_write_record(struct eunomia_writer *w, const struct emf_event_source *e);

#endif
