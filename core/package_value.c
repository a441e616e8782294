// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * package_value.c - values of members, read from a package.
 */
#include <errno.h>
#include <string.h>

#include "package_reader.h"
#include "param.h"

#define STORAGE_MAX EMF_PARAM_VALUE_MAX

static bool read_number(struct emf_package_reader *r, const struct emf_shape_member *member, char *at)
{
	uint64_t number = emf_bytes_number(&r->left);

	if ((member->size < 8 && number >> 8 * member->size) || (member->kind == EMF_KIND_BOOL && number > 1))
		return emf_package_bad(r, "a number is too large");
	for (unsigned int i = 0; i < member->size; i++)
		at[i] = (char)(number >> 8 * i);
	return true;
}

static bool read_text(struct emf_package_reader *r, char *at)
{
	uint64_t offset = emf_bytes_number(&r->left);
	const char *text = r->package->texts + offset - 1;

	if (!offset || offset > r->package->texts_size)
		return emf_package_bad(r, "a text is outside of the texts");
	memcpy(at, &text, sizeof(text));
	return true;
}

char *emf_package_pointer(struct emf_package_reader *r, enum emf_shape_id shape, uint32_t *left)
{
	uint64_t number = emf_bytes_number(&r->left), index = emf_bytes_number(&r->left);
	const struct emf_package_array *array = number && number <= r->done ? &r->arrays[number - 1] : NULL;

	if (!array || array->shape != shape || index > array->n) {
		emf_package_bad(r, "something points to what is not before it");
		return NULL;
	}
	*left = array->n - (uint32_t)index;
	r->depth = array->depth > r->depth ? array->depth : r->depth;
	return array->at + index * emf_shapes[shape].size;
}

static bool read_reference(struct emf_package_reader *r, const struct emf_shape_member *member, char *at)
{
	uint32_t left;
	const char *to = emf_package_pointer(r, member->of, &left);

	if (to && member->kind == EMF_KIND_ONE && !left)
		return emf_package_bad(r, "something points behind a table");
	if (to)
		memcpy(at, &to, sizeof(to));
	return to != NULL;
}

static bool read_value(struct emf_package_reader *r, const struct emf_shape_member *member, char *at)
{
	uint32_t left;
	const struct emf_param *param = (const void *)emf_package_pointer(r, EMF_SHAPE_PARAM, &left);

	if (!param || !left || !param->value)
		return emf_package_bad(r, "something points to no parameter");
	if (member->kind == EMF_KIND_TEXT_OR_VALUE ? param->type != EMF_STRING : member->size && emf_param_size(param) != member->size)
		return emf_package_bad(r, "a parameter is of another type than what it is used for");
	memcpy(at, &param->value, sizeof(param->value));
	return true;
}

static bool read_text_or_value(struct emf_package_reader *r, const struct emf_shape_member *member, char *at)
{
	struct emf_bytes_left before = r->left;

	if (!emf_bytes_number(&r->left))
		return read_value(r, member, at);
	r->left = before;
	return read_text(r, at);
}

/* The parameter's other members do not stand before it in the file: how much it needs is compared at its end. */
static bool read_storage(struct emf_package_reader *r, char *at)
{
	uint64_t size = emf_bytes_number(&r->left), used = emf_bytes_number(&r->left);
	const void *from = used <= size ? emf_bytes_take(&r->left, used) : NULL;
	char *value;

	if (!from || !size || size > STORAGE_MAX)
		return emf_package_bad(r, "the default of a parameter has no such size");
	value = emf_package_memory(r, sizeof(uint64_t) + size);
	if (!value)
		return false;
	memcpy(value, &size, sizeof(size));
	memcpy(value + sizeof(size), from, used);
	value += sizeof(size);
	memcpy(at, &value, sizeof(value));
	return true;
}

static bool read_object(struct emf_package_reader *r, char *at)
{
	uint64_t number = emf_bytes_number(&r->left);
	struct emf_pack *pack = number < r->package->n_objects ? emf_package_memory(r, sizeof(*pack)) : NULL;

	if (!pack)
		return emf_package_bad(r, "there is no such kernel part");
	*pack = r->package->objects[number];
	memcpy(at, &pack, sizeof(pack));
	return true;
}

bool emf_package_member(struct emf_package_reader *r, const struct emf_shape_member *member, char *at)
{
	switch (member->kind) {
	case EMF_KIND_NUMBER:
	case EMF_KIND_BOOL:
		return read_number(r, member, at);
	case EMF_KIND_TEXT:
		return read_text(r, at);
	case EMF_KIND_ONE:
	case EMF_KIND_TABLE:
		return read_reference(r, member, at);
	case EMF_KIND_VALUE:
		return read_value(r, member, at);
	case EMF_KIND_TEXT_OR_VALUE:
		return read_text_or_value(r, member, at);
	case EMF_KIND_STORAGE:
		return read_storage(r, at);
	case EMF_KIND_BYTES:
		return read_object(r, at);
	default:
		return emf_package_bad(r, "there is something that no package has");
	}
}
