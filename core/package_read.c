// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * package_read.c - the tables of a package, made of bytes that nobody trusts.
 *
 * First how many there are of each is read, so that all of their memory is one block whose
 * size is checked before it is asked for. An array points to those before it only: there
 * are no cycles, and how deep it goes is counted.
 */
#include "package_read.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "package_check.h"
#include "package_reader.h"
#include "param.h"
#include "text.h"

#define ALIGN 16u

bool emf_package_fail(struct emf_package_reader *r, int err, const char *fmt, ...)
{
	va_list args;

	if (r->err)
		return false;
	va_start(args, fmt);
	vsnprintf(r->why, EMF_PACKAGE_WHY_MAX, fmt, args);
	va_end(args);
	r->err = err;
	return false;
}

bool emf_package_bad(struct emf_package_reader *r, const char *what)
{
	return emf_package_fail(r, -ENOEXEC, "its tables are damaged: %s: make it again", what);
}

/* --- memory */

static uint64_t aligned(uint64_t size)
{
	return (size + ALIGN - 1) / ALIGN * ALIGN;
}

void *emf_package_memory(struct emf_package_reader *r, uint64_t size)
{
	char *at = r->memory;

	if (aligned(size) > (size_t)(r->memory_end - at)) {
		emf_package_bad(r, "they need more memory than they say");
		return NULL;
	}
	r->memory += aligned(size);
	return at;
}

/* Beside its own table, a service has two for its signals, and a client. */
static uint64_t memory_of(const struct emf_package_array *array)
{
	uint64_t size = aligned((array->n + 1ull) * emf_shapes[array->shape].size);

	switch (array->shape) {
	case EMF_SHAPE_SERVICE:
		return size + array->n * aligned(sizeof(struct ebus_client));
	case EMF_SHAPE_BUS_MEMBER:
		return size + aligned(array->n * sizeof(struct ebus_subscription *)) + aligned(array->n);
	case EMF_SHAPE_OBJECT:
		return size + array->n * aligned(sizeof(struct emf_pack));
	default:
		return size;
	}
}

/* @memory: at least what they need, so that more of it is an error and not less. */
static bool read_directory(struct emf_package_reader *r, uint64_t *memory)
{
	uint64_t n;

	*memory = emf_bytes_number(&r->left); /* of values of parameters; each has its size before it */
	n = emf_bytes_number(&r->left);
	if (*memory > EMF_PACKAGE_MEMORY_MAX)
		return emf_package_fail(r, -E2BIG, "its parameters have values of %llu bytes, and %u are allowed", (unsigned long long)*memory, EMF_PACKAGE_MEMORY_MAX);
	if (n > EMF_PACKAGE_ARRAYS_MAX)
		return emf_package_fail(r, -E2BIG, "it has %llu tables, and %u are allowed", (unsigned long long)n, EMF_PACKAGE_ARRAYS_MAX);
	r->arrays = calloc(n + 1, sizeof(*r->arrays));
	if (!r->arrays)
		return emf_package_fail(r, -ENOMEM, "out of memory");
	r->n = (uint32_t)n;
	for (uint32_t i = 0; i < n; i++) {
		uint64_t shape = emf_bytes_number(&r->left), count = emf_bytes_number(&r->left);

		if (r->left.failed || shape >= EMF_SHAPES)
			return emf_package_bad(r, "there is a table of something unknown");
		if (count > r->package->tables_size) /* each takes a byte, at least */
			return emf_package_bad(r, "a table has more rows than there are bytes");
		r->arrays[i] = (struct emf_package_array){ .shape = (enum emf_shape_id)shape, .n = (uint32_t)count };
		*memory += memory_of(&r->arrays[i]); /* 65536 times 2^24 times 300: less than 2^64 */
	}
	return true;
}

/* --- structures */

/* A number of rows that was read before or behind the pointer to them. */
static bool check_counts(struct emf_package_reader *r, const struct emf_shape *shape, const char *structure, const uint32_t *left)
{
	for (uint8_t i = 0; i < shape->n; i++) {
		const struct emf_shape_member *member = &shape->members[i];
		const void *to;

		if (member->kind != EMF_KIND_COUNTED)
			continue;
		memcpy(&to, structure + member->offset, sizeof(to));
		/* Bounds of a scale are there for one of its kinds only. */
		if (emf_shape_count(member, structure) > left[i] && (to || !member->count_less))
			return emf_package_bad(r, "a table has fewer rows than are counted");
	}
	return true;
}

static bool check_param(struct emf_package_reader *r, const struct emf_param *param)
{
	uint64_t size;

	if ((unsigned int)param->type >= EMF_STRUCT || !param->name || !param->value)
		return emf_package_bad(r, "a parameter has no name, type or value");
	memcpy(&size, (const char *)param->value - sizeof(size), sizeof(size));
	return param->size <= EMF_PARAM_VALUE_MAX && emf_param_size(param) == size ? true : emf_package_bad(r, "the default of a parameter has another size than it");
}

/* What it has beside its table. */
static bool finish_service(struct emf_package_reader *r, struct ebus_service *service)
{
	service->subscriptions = emf_package_memory(r, service->n_signals * sizeof(*service->subscriptions));
	service->policies = emf_package_memory(r, service->n_signals);
	service->client = emf_package_memory(r, sizeof(*service->client));
	if (!service->subscriptions || !service->policies || !service->client)
		return false;
	service->client->service = service;
	service->client->waiting.client = service->client;
	service->remote_ops = ""; /* without methods nothing looks into them */
	return true;
}

static bool finish_structure(struct emf_package_reader *r, enum emf_shape_id shape, char *at)
{
	const char *mistake;

	if (shape == EMF_SHAPE_PARAM && !check_param(r, (const struct emf_param *)(const void *)at))
		return false;
	mistake = emf_package_mistake(shape, at);
	if (mistake)
		return emf_package_bad(r, mistake);
	if (shape == EMF_SHAPE_SERVICE)
		return finish_service(r, (struct ebus_service *)(void *)at);
	if (shape == EMF_SHAPE_PROVIDED)
		((struct emf_provided *)(void *)at)->ops = "";
	return true;
}

/* Members stand in ascending order, each once; those of 0 are not there. */
static bool read_structure(struct emf_package_reader *r, enum emf_shape_id id, char *at)
{
	const struct emf_shape *shape = &emf_shapes[id];
	uint32_t left[UINT8_MAX] = { 0 };
	uint64_t number, last = 0;

	while ((number = emf_bytes_number(&r->left))) {
		const struct emf_shape_member *member = number <= shape->n ? &shape->members[number - 1] : NULL;

		if (number <= last || !member)
			return emf_package_fail(r, -ENOEXEC, "its struct %s has a member %llu, which this product does not know: use a newer product", shape->name,
				    (unsigned long long)number);
		last = number;
		if (member->kind == EMF_KIND_COUNTED) {
			const char *to = emf_package_pointer(r, member->of, &left[number - 1]);

			if (to)
				memcpy(at + member->offset, &to, sizeof(to));
		} else {
			emf_package_member(r, member, at + member->offset);
		}
		if (r->err)
			return false;
	}
	if (r->left.failed)
		return emf_package_bad(r, "they end too early");
	return check_counts(r, shape, at, left) && finish_structure(r, id, at);
}

static bool read_array(struct emf_package_reader *r, struct emf_package_array *array)
{
	size_t size = emf_shapes[array->shape].size;

	array->at = emf_package_memory(r, (array->n + 1ull) * size);
	r->depth = 0;
	for (uint32_t i = 0; array->at && i < array->n; i++)
		if (!read_structure(r, array->shape, array->at + i * size))
			return false;
	array->depth = r->depth + 1;
	if (array->depth > EMF_PACKAGE_DEPTH_MAX)
		return emf_package_bad(r, "they go too deep");
	r->done++;
	return array->at != NULL;
}

/* What begins the block: the modules and services of all arrays. */
static void collect(const struct emf_package_reader *r, struct emf_package_tables *tables)
{
	for (uint32_t i = 0; i < r->n; i++)
		for (uint32_t n = 0; n < r->arrays[i].n; n++) {
			void *at = r->arrays[i].at + n * emf_shapes[r->arrays[i].shape].size;

			if (r->arrays[i].shape == EMF_SHAPE_MODULE)
				tables->modules[tables->n_modules++] = at;
			else if (r->arrays[i].shape == EMF_SHAPE_SERVICE)
				tables->services[tables->n_services++] = at;
		}
}

/* Nothing of it may drive a terminal, wherever it is shown. */
static bool check_texts(struct emf_package_reader *r)
{
	const char *text = r->package->texts;

	for (size_t left = r->package->texts_size, n; left; left -= n, text += n) {
		n = *text && *text != '\n' && *text != '\t' ? emf_text_character(text, left) : 1;
		if (!n)
			return emf_package_bad(r, "a text has control characters, or is no UTF-8");
	}
	return true;
}

static struct emf_package_tables *read_all(struct emf_package_reader *r)
{
	struct emf_package_tables *tables;
	uint64_t n_modules = 0, n_services = 0, memory;

	if (!check_texts(r) || !read_directory(r, &memory))
		return NULL;
	for (uint32_t i = 0; i < r->n; i++) {
		n_modules += r->arrays[i].shape == EMF_SHAPE_MODULE ? r->arrays[i].n : 0;
		n_services += r->arrays[i].shape == EMF_SHAPE_SERVICE ? r->arrays[i].n : 0;
	}
	if (memory > EMF_PACKAGE_MEMORY_MAX || !n_modules || n_modules > EMF_PACKAGE_MODULES_MAX) {
		emf_package_fail(r, -E2BIG, "it has %llu modules, and tables of %llu bytes: 1 to %u modules and %u bytes are allowed", (unsigned long long)n_modules,
		     (unsigned long long)memory, EMF_PACKAGE_MODULES_MAX, EMF_PACKAGE_MEMORY_MAX);
		return NULL;
	}
	memory += aligned(sizeof(*tables)) + aligned((n_modules + n_services) * sizeof(void *));
	tables = calloc(1, memory);
	if (!tables) {
		emf_package_fail(r, -ENOMEM, "out of memory");
		return NULL;
	}
	r->memory = (char *)tables;
	r->memory_end = r->memory + memory;
	emf_package_memory(r, sizeof(*tables));
	tables->modules = emf_package_memory(r, (n_modules + n_services) * sizeof(void *));
	tables->services = (struct ebus_service **)(void *)(tables->modules + n_modules);
	for (uint32_t i = 0; i < r->n && !r->err; i++)
		read_array(r, &r->arrays[i]);
	if (!r->err && r->left.at != r->left.end)
		emf_package_bad(r, "there is something behind them");
	if (r->err) {
		free(tables);
		return NULL;
	}
	collect(r, tables);
	return tables;
}

int emf_package_read(const struct emf_package *package, struct emf_package_tables **tables, char why[EMF_PACKAGE_WHY_MAX])
{
	struct emf_package_reader r = { .package = package, .left = { .at = package->tables, .end = package->tables + package->tables_size }, .why = why };
	struct emf_package_tables *made = read_all(&r);

	free(r.arrays);
	if (made)
		*tables = made;
	return r.err;
}
