// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * package_write.c - the tables of modules, as bytes.
 *
 * Each array that is pointed to is written once, behind all that it points to: a reader
 * meets no cycle, and makes one array of each, so that what is the same stays the same.
 */
#include "package_write.h"

#include <emf/object.h>
#include <emf/param.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "package_shape.h"
#include "param.h"

/* An array that was written. */
struct written {
	const char *at;
	size_t n;
	enum emf_shape_id shape;
};

struct writer {
	struct emf_package_parts *parts;
	const struct module *module; /* that is being written */
	struct written *all;
	size_t n, room;
	struct emf_bytes bodies;
	uint64_t storage; /* bytes that values of parameters take in memory, with their sizes */
	char *why;
	int err;
};

static bool fail(struct writer *w, int err)
{
	if (!w->err && err == -ENOMEM)
		snprintf(w->why, EMF_PACKAGE_WHY_MAX, "out of memory");
	w->err = w->err ? w->err : err;
	return false;
}

/* Its C, beside the kernel part. */
static void name_source(const struct module *m, char *path, size_t size)
{
	const char *source = m->object ? m->object->source : NULL, *end = source ? strstr(source, ".bpf.c") : NULL;

	if (end)
		snprintf(path, size, "%.*s.c", (int)(end - source), source);
	else
		snprintf(path, size, "modules/%s.c", m->name);
}

static bool refuse_code(struct writer *w, const struct emf_shape *shape, const struct emf_shape_member *member)
{
	const struct module *m = w->module;
	char path[256];

	name_source(m, path, sizeof(path));
	if (!strcmp(member->name, "plugs") || !strcmp(member->name, "chain"))
		snprintf(w->why, EMF_PACKAGE_WHY_MAX, "module %s has programs in a chain, which stays with the product that has the chain: it is not packed", m->name);
	else if (!strcmp(member->name, "methods"))
		snprintf(w->why, EMF_PACKAGE_WHY_MAX, "module %s serves methods, with C of its own in %.100s, and a package has none: make it an extension", m->name, path);
	else
		snprintf(w->why, EMF_PACKAGE_WHY_MAX, "module %s has C of its own in %.100s (%s of struct %s), and a package has none: make it an extension", m->name, path,
			 member->name, shape->name);
	return fail(w, -ENOTSUP);
}

static void put(struct writer *w, uint64_t number)
{
	emf_bytes_add_number(&w->bodies, number);
}

/* Its place in the texts, from 1; 0 for none. Equal ones are one. */
static uint64_t text_of(struct writer *w, const char *text)
{
	struct emf_bytes *texts = &w->parts->texts;
	size_t size = text ? strlen(text) + 1 : 0, at = 0;

	if (!text)
		return 0;
	while (at < texts->size && strcmp((const char *)texts->data + at, text))
		at += strlen((const char *)texts->data + at) + 1;
	if (at == texts->size)
		emf_bytes_add(texts, text, size);
	return at + 1;
}

static const void *pointer_at(const char *structure, const struct emf_shape_member *member)
{
	const void *pointer;

	memcpy(&pointer, structure + member->offset, sizeof(pointer));
	return pointer;
}

/* The one of the module whose value is there. */
static const struct emf_param *param_of(const struct module *m, const void *value)
{
	for (const struct emf_param *param = m->params; param && param->name; param++)
		if (param->value == value)
			return param;
	return NULL;
}

static bool find(const struct writer *w, enum emf_shape_id shape, const char *at, uint64_t *array, uint64_t *index)
{
	for (size_t i = 0; i < w->n; i++) {
		const struct written *one = &w->all[i];

		/* A table of nothing is one, too. */
		if (one->shape != shape || at < one->at || (at > one->at && at >= one->at + one->n * emf_shapes[shape].size))
			continue;
		*array = i + 1;
		*index = (uint64_t)(at - one->at) / emf_shapes[shape].size;
		return true;
	}
	return false;
}

static bool write_array(struct writer *w, enum emf_shape_id shape, const char *at, size_t n);

/* First what it points to; then it can be said where that is. */
static bool reach(struct writer *w, enum emf_shape_id shape, const char *at, size_t n)
{
	uint64_t array, index;

	return find(w, shape, at, &array, &index) || write_array(w, shape, at, n);
}

static size_t count_table(enum emf_shape_id id, const char *at)
{
	const struct emf_shape *shape = &emf_shapes[id];
	size_t n = 0;

	while (pointer_at(at + n * shape->size, &shape->members[0]))
		n++;
	return n;
}

static bool reach_member(struct writer *w, const struct emf_shape *shape, const char *structure, const struct emf_shape_member *member)
{
	const char *at = emf_shape_is_number(member) || member->kind == EMF_KIND_OWN ? NULL : pointer_at(structure, member);

	if (!at)
		return true;
	switch (member->kind) {
	case EMF_KIND_CODE:
		return refuse_code(w, shape, member);
	case EMF_KIND_ONE:
		return reach(w, member->of, at, 1);
	case EMF_KIND_TABLE:
		return reach(w, member->of, at, count_table(member->of, at));
	case EMF_KIND_COUNTED:
		return reach(w, member->of, at, emf_shape_count(member, structure));
	default:
		return true;
	}
}

static void put_pointer(struct writer *w, enum emf_shape_id shape, const void *at)
{
	uint64_t array = 0, index = 0;

	find(w, shape, at, &array, &index);
	put(w, array);
	put(w, index);
}

static void put_object(struct writer *w, const struct emf_pack *pack)
{
	struct emf_package_parts *parts = w->parts;
	size_t i = 0;

	while (i < parts->n_objects && parts->objects[i] != pack)
		i++;
	if (i == parts->n_objects)
		parts->objects[parts->n_objects++] = pack; /* one of each module, at most */
	put(w, i);
}

/* What was made of a default that is text may be of this machine, as the number of an interface: it is made again. */
static void put_storage(struct writer *w, const struct emf_param *param)
{
	size_t size = emf_param_size(param), used = param->initial ? 0 : size;

	while (used && !((const char *)param->value)[used - 1])
		used--;
	w->storage += (sizeof(uint64_t) + size + 15) / 16 * 16;
	put(w, size);
	put(w, used);
	emf_bytes_add(&w->bodies, param->value, used);
}

static void put_value(struct writer *w, const char *structure, const struct emf_shape_member *member, const void *at)
{
	const struct emf_param *param = param_of(w->module, at);

	switch (member->kind) {
	case EMF_KIND_NUMBER:
	case EMF_KIND_BOOL:
		put(w, emf_shape_load(structure + member->offset, member->size));
		break;
	case EMF_KIND_TEXT:
		put(w, text_of(w, at));
		break;
	case EMF_KIND_STORAGE:
		put_storage(w, (const struct emf_param *)(const void *)structure);
		break;
	case EMF_KIND_VALUE:
		if (!param)
			fail(w, -EINVAL);
		put_pointer(w, EMF_SHAPE_PARAM, param);
		break;
	case EMF_KIND_TEXT_OR_VALUE:
		put(w, param ? 0 : text_of(w, at));
		if (param)
			put_pointer(w, EMF_SHAPE_PARAM, param);
		break;
	case EMF_KIND_BYTES:
		put_object(w, at);
		break;
	default:
		put_pointer(w, member->of, at);
		break;
	}
}

static bool is_zero(const char *at, size_t size)
{
	while (size && !at[size - 1])
		size--;
	return !size;
}

/* Members that are not zero, each by its number; then 0. */
static void put_structure(struct writer *w, const struct emf_shape *shape, const char *structure)
{
	for (uint8_t i = 0; i < shape->n; i++) {
		const struct emf_shape_member *member = &shape->members[i];
		size_t size = emf_shape_is_number(member) ? member->size : sizeof(void *);

		if (member->kind == EMF_KIND_OWN || member->kind == EMF_KIND_CODE || is_zero(structure + member->offset, size))
			continue;
		put(w, i + 1u);
		put_value(w, structure, member, emf_shape_is_number(member) ? NULL : pointer_at(structure, member));
	}
	put(w, 0);
}

static bool add_written(struct writer *w, enum emf_shape_id shape, const char *at, size_t n)
{
	if (w->n == w->room) {
		size_t room = w->room ? 2 * w->room : 64;
		struct written *more = realloc(w->all, room * sizeof(*more));

		if (!more)
			return fail(w, -ENOMEM);
		w->all = more;
		w->room = room;
	}
	w->all[w->n++] = (struct written){ at, n, shape };
	return true;
}

static bool write_array(struct writer *w, enum emf_shape_id id, const char *at, size_t n)
{
	const struct emf_shape *shape = &emf_shapes[id];

	for (size_t i = 0; i < n; i++)
		for (uint8_t m = 0; m < shape->n; m++)
			if (!reach_member(w, shape, at + i * shape->size, &shape->members[m]))
				return false;
	for (size_t i = 0; i < n && !w->err; i++)
		put_structure(w, shape, at + i * shape->size);
	return !w->err && add_written(w, id, at, n);
}

/* What is in which array, and then all of them. */
static int finish(struct writer *w)
{
	struct emf_bytes *tables = &w->parts->tables;

	emf_bytes_add_number(tables, w->storage);
	emf_bytes_add_number(tables, w->n);
	for (size_t i = 0; i < w->n; i++) {
		emf_bytes_add_number(tables, w->all[i].shape);
		emf_bytes_add_number(tables, w->all[i].n);
	}
	emf_bytes_add(tables, w->bodies.data, w->bodies.size);
	if (w->bodies.failed || tables->failed || w->parts->texts.failed)
		fail(w, -ENOMEM);
	return w->err;
}

int emf_package_write(const struct module *const *modules, size_t n, struct emf_package_parts *parts, char why[EMF_PACKAGE_WHY_MAX])
{
	struct writer w = { .parts = parts, .why = why };
	int err;

	*parts = (struct emf_package_parts){ 0 };
	snprintf(why, EMF_PACKAGE_WHY_MAX, "a table of it points to what is no parameter of it");
	for (size_t i = 0; i < n && !w.err; i++) {
		w.module = modules[i];
		write_array(&w, EMF_SHAPE_MODULE, (const char *)modules[i], 1);
	}
	err = finish(&w);
	free(w.all);
	emf_bytes_free(&w.bodies);
	if (err)
		emf_package_parts_free(parts);
	return err;
}

void emf_package_parts_free(struct emf_package_parts *parts)
{
	emf_bytes_free(&parts->texts);
	emf_bytes_free(&parts->tables);
	for (size_t i = 0; i < parts->n_btfs; i++)
		emf_bytes_free(&parts->btfs[i]);
	free(parts->btfs);
	*parts = (struct emf_package_parts){ 0 };
}
