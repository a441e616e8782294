/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * filter_node.h - a filter between its parser and what applies it.
 */
#ifndef EMF_CORE_FILTER_NODE_H
#define EMF_CORE_FILTER_NODE_H

#include "filter.h"
#include "value.h"

enum emf_filter_op {
	EMF_FILTER_AND,
	EMF_FILTER_OR,
	EMF_FILTER_NOT,
	EMF_FILTER_IS_SET,
	EMF_FILTER_EQUAL,
	EMF_FILTER_UNEQUAL,
	EMF_FILTER_LESS,
	EMF_FILTER_AT_MOST,
	EMF_FILTER_MORE,
	EMF_FILTER_AT_LEAST,
	EMF_FILTER_LIKE,
	EMF_FILTER_UNLIKE,
};

/* What a member is compared as. */
enum emf_filter_as {
	EMF_FILTER_AS_NUMBER,
	EMF_FILTER_AS_TEXT,
	EMF_FILTER_AS_BYTES, /* addresses: their first @bits */
	EMF_FILTER_AS_SHOWN, /* a pattern, of a member that is no text; a container */
};

/**
 * struct emf_filter_node - a comparison, or what joins others
 * @op: see there
 * @as: see there, of a comparison
 * @left: of what joins: index of its first or only operand
 * @right: index of its second one
 * @field: of a comparison: its left side
 * @type: of @field
 * @number: its right side
 * @bytes: its right side
 * @bits: how many of @bytes count
 * @text: its right side, in the texts of the filter
 */
struct emf_filter_node {
	enum emf_filter_op op;
	enum emf_filter_as as;
	uint8_t left, right;
	struct emf_field field;
	struct emf_value_type type;
	uint64_t number;
	unsigned char bytes[16];
	unsigned int bits;
	const char *text;
};

struct emf_filter {
	uint8_t root;
	size_t n;
	struct emf_filter_node nodes[EMF_FILTER_NODES_MAX];
	char texts[]; /* as long as the expression and a NUL for each */
};

#endif
