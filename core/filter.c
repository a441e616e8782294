// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * filter.c - applies a filter to a record.
 */
#include "filter.h"

#include <assert.h>
#include <fnmatch.h>
#include <string.h>

#include "argv.h"
#include "cgroup_path.h"
#include "filter_node.h"

#define PATTERN_TEXT_MAX 4096 /* of a text that a pattern is tried on; PATH_MAX */

static bool compare(enum emf_filter_op op, int order)
{
	switch (op) {
	case EMF_FILTER_EQUAL:
		return !order;
	case EMF_FILTER_UNEQUAL:
		return order;
	case EMF_FILTER_LESS:
		return order < 0;
	case EMF_FILTER_AT_MOST:
		return order <= 0;
	case EMF_FILTER_MORE:
		return order > 0;
	default:
		return order >= 0;
	}
}

static int order_of_numbers(const struct emf_filter_node *node, uint64_t v)
{
	/* Whether it left a core, nobody asks for. */
	if (node->type.type == EMF_WAIT_STATUS && (int64_t)v > 0)
		v &= ~UINT64_C(0x80);
	/* Some programs send errors as they are, others negative. */
	if (node->type.type == EMF_ERRNO && (int64_t)v > 0)
		v = 0 - v;
	if (emf_value_is_signed(node->type.type))
		return (int64_t)v < (int64_t)node->number ? -1 : (int64_t)v > (int64_t)node->number;
	return v < node->number ? -1 : v > node->number;
}

static int order_of_texts(const struct emf_filter_node *node, const char *text, size_t len)
{
	size_t other = strlen(node->text);
	int order = memcmp(text, node->text, len < other ? len : other);

	return order ? order : len < other ? -1 : len > other;
}

static bool same_bits(const unsigned char *a, const unsigned char *b, unsigned int bits)
{
	unsigned int rest = bits % 8;

	if (memcmp(a, b, bits / 8))
		return false;
	return !rest || !((a[bits / 8] ^ b[bits / 8]) >> (8 - rest));
}

/* What has a NUL in it, or is longer than any path, is like no pattern beyond that. */
static bool is_like(const struct emf_filter_node *node, const char *text, size_t len)
{
	static char copy[PATTERN_TEXT_MAX]; /* of the loop's thread */

	len = len < sizeof(copy) ? len : sizeof(copy) - 1;
	memcpy(copy, text, len);
	copy[len] = '\0';
	return !fnmatch(node->text, copy, 0);
}

static bool is_shown_as(const struct emf_filter_node *node, const void *at)
{
	char text[EMF_VALUE_TEXT_MAX];

	emf_value_format(&node->type, at, text);
	if (node->op == EMF_FILTER_LIKE || node->op == EMF_FILTER_UNLIKE)
		return !fnmatch(node->text, text, 0) == (node->op == EMF_FILTER_LIKE);
	return compare(node->op, strcmp(text, node->text));
}

static bool is_set(const struct emf_filter_node *node, const char *at)
{
	size_t size = emf_value_size(&node->type);

	if (node->type.bits)
		return emf_value_load(&node->type, at);
	if (node->type.type == EMF_CONTAINER)
		return emf_container_id(emf_value_load(&node->type, at), &size);
	if (node->type.type == EMF_IP && emf_value_is_mapped(at)) { /* 0.0.0.0 is as little as :: */
		at += sizeof(emf_value_mapped);
		size -= sizeof(emf_value_mapped);
	}
	for (size_t i = 0; i < size; i++)
		if (at[i])
			return true;
	return false;
}

static const char *text_of(const struct emf_filter_node *node, const char *data, size_t *len)
{
	static char args[PATTERN_TEXT_MAX]; /* of the loop's thread */
	const struct emf_member *m = node->field.member;
	uint32_t n;

	if (m->type != EMF_ARGV)
		return emf_field_text(&node->field, data, len);
	memcpy(&n, data + node->field.base + m->len_offset, sizeof(n));
	*len = emf_argv_join(args, sizeof(args), data + node->field.base + m->offset, n < m->count ? n : m->count);
	return args;
}

static bool applies(const struct emf_filter_node *node, const char *data)
{
	const char *at = data + node->field.base + node->field.member->offset;
	const char *text;
	size_t len;

	if (node->as == EMF_FILTER_AS_TEXT) {
		text = text_of(node, data, &len);
		if (node->op == EMF_FILTER_IS_SET)
			return len;
		if (node->op == EMF_FILTER_LIKE || node->op == EMF_FILTER_UNLIKE)
			return is_like(node, text, len) == (node->op == EMF_FILTER_LIKE);
		return compare(node->op, order_of_texts(node, text, len));
	}
	if (node->op == EMF_FILTER_IS_SET)
		return is_set(node, at);
	if (node->as == EMF_FILTER_AS_BYTES)
		return same_bits((const unsigned char *)at, node->bytes, node->bits) == (node->op == EMF_FILTER_EQUAL);
	if (node->as == EMF_FILTER_AS_SHOWN)
		return is_shown_as(node, at);
	return compare(node->op, order_of_numbers(node, emf_value_load(&node->type, at)));
}

/* As deep as there are nodes: the parser counted them. */
static bool matches(const struct emf_filter *filter, uint8_t i, const void *data)
{
	const struct emf_filter_node *node = &filter->nodes[i];

	assert(i < filter->n);
	switch (node->op) {
	case EMF_FILTER_AND:
		return matches(filter, node->left, data) && matches(filter, node->right, data);
	case EMF_FILTER_OR:
		return matches(filter, node->left, data) || matches(filter, node->right, data);
	case EMF_FILTER_NOT:
		return !matches(filter, node->left, data);
	default:
		return applies(node, data);
	}
}

bool emf_filter_matches(const struct emf_filter *filter, const void *data)
{
	return matches(filter, filter->root, data);
}
