/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * eunomia_reader.h - what the parts of the reader of eunomia-bpf's packages share.
 */
#ifndef EMF_CORE_EUNOMIA_READER_H
#define EMF_CORE_EUNOMIA_READER_H

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <emf/extension.h>
#include <jansson.h>

#include "eunomia.h"
#include "package_check.h"

#define EMF_EUNOMIA_MEMORY_MAX (16u << 20) /* bytes of tables: EMF_PACKAGE_MEMORY_MAX, package_read.h */
#define EMF_EUNOMIA_STEPS_MAX 65536	   /* types that are walked; a tool has some hundred */
#define EMF_EUNOMIA_ITEMS_MAX 1024	   /* variables, maps, programs */

struct eunomia_chunk;

/* One that is being read: the tables of its module, whose memory is freed with it. */
struct eunomia {
	const struct emf *emf; /* whose names are taken; or NULL */
	char *why;
	int err;
	struct eunomia_chunk *memory;
	size_t used;
	unsigned int steps;
	struct bpf_object *object; /* opened to be looked at */
	const struct btf *btf;
	const struct emf_record **records; /* of structs, by their numbers in @btf */
	struct emf_pack pack;
	struct emf_object kernel_part;
	struct module module;
	struct emf_param *params;
	struct emf_store *stores;
	size_t n_params, n_stores;
	struct emf_param *interval; /* of samples; or NULL */
	struct emf_attach *attaches;
	struct emf_event_source *events;
	struct emf_view *views;
	struct emf_views all_views;
	struct emf_kernel_enum enums[EMF_PACKAGE_KERNEL_ENUMS_MAX + 1]; /* with a name: they may be the kernel's */
	const struct btf_type *enum_types[EMF_PACKAGE_KERNEL_ENUMS_MAX];
	size_t n_enums;
};

/* An object of the JSON, and where it is, for messages: "bpf_skel.maps[2].sample". */
struct eunomia_at {
	struct eunomia *e;
	const json_t *object;
	char path[80];
};

/* --- eunomia_json.c */

/* Keeps the first sentence. Return: false. */
bool __attribute__((format(printf, 2, 3))) emf_eunomia_fail(struct eunomia *e, const char *fmt, ...);

/* Memory that is 0; NULL with an error. */
void *emf_eunomia_memory(struct eunomia *e, size_t n, size_t size);
char *__attribute__((format(printf, 2, 3))) emf_eunomia_format(struct eunomia *e, const char *fmt, ...);
void emf_eunomia_free(struct eunomia *e);

/* An error for a field that is none of these, NULL at the end. */
bool emf_eunomia_has_only(const struct eunomia_at *at, const char *const *known);

/* What a field says, or @fallback where there is none or null. Another type is an error, and then @fallback, too. */
const json_t *emf_eunomia_get(const struct eunomia_at *at, const char *name);
const char *emf_eunomia_text(const struct eunomia_at *at, const char *name, const char *fallback);
int64_t emf_eunomia_number(const struct eunomia_at *at, const char *name, int64_t fallback, int64_t min, int64_t max);
bool emf_eunomia_bool(const struct eunomia_at *at, const char *name, bool fallback);

/* Whether there is such an object; @inner receives it. */
bool emf_eunomia_object(const struct eunomia_at *at, const char *name, struct eunomia_at *inner);

/* How many objects are in an array; 0 where there is none. */
size_t emf_eunomia_count(const struct eunomia_at *at, const char *name);

/* One of them; false, with an error, for what is no object. */
bool emf_eunomia_item(const struct eunomia_at *at, const char *name, size_t i, struct eunomia_at *inner);

/* --- eunomia_object.c */

/* The kernel part: packed as packages have it, and opened. */
bool emf_eunomia_open_object(const struct eunomia_at *top, struct eunomia *e, const char *module);

/* --- eunomia_record.c */

/* Without typedefs and qualifiers; NULL with an error. */
const struct btf_type *emf_eunomia_type(struct eunomia *e, uint32_t *id);

/* What has this type, as a record; @name of one that is no struct, and of its only member. NULL with an error. */
const struct emf_record *emf_eunomia_record(struct eunomia *e, uint32_t id, const char *name);

/* One member of this type; false with an error. */
bool emf_eunomia_member(struct eunomia *e, const char *name, uint32_t id, uint32_t offset, struct emf_member *member);

/* --- the others, each for its part of the meta */

bool emf_eunomia_options(const struct eunomia_at *skel);  /* eunomia_option.c: data_sections */
bool emf_eunomia_places(const struct eunomia_at *skel);	  /* eunomia_place.c: progs */
bool emf_eunomia_outputs(const struct eunomia_at *meta, const struct eunomia_at *skel); /* eunomia_output.c: maps, export_types */

/* A sample: a histogram or a table; eunomia_sample.c */
bool emf_eunomia_sample(const struct eunomia_at *sample, const struct bpf_map *map, const char *name, struct emf_view *view);

/* Once all samples are read: how many of the common intervals each one waits. */
void emf_eunomia_intervals(struct eunomia *e);

/* What is printed of a record that has stacks, and where these are; NULL with an error: eunomia_stacks.c */
const struct emf_record *emf_eunomia_stacks(const struct eunomia_at *map, const struct emf_record *record, const struct emf_event_stacks **stacks);

/* One more parameter; its value is 0. NULL with an error, also for a second one of a name. */
struct emf_param *emf_eunomia_param(struct eunomia *e, const char *name, enum emf_type type, size_t size, const char *doc);

#endif
