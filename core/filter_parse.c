// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * filter_parse.c - reads a filter.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup_path.h"
#include "filter_node.h"
#include "suggest.h"

#define DEPTH_MAX 16 /* of brackets and '!' in each other */
#define HINT_MAX 160

struct parser {
	const struct emf_record *record;
	struct emf_filter *filter;
	const char *at;
	char *texts; /* where the next one goes */
	int depth;
	int err;
	char *why;
};

static const struct {
	char text[3];
	enum emf_filter_op op;
} operators[] = { /* longer ones first */
	{ "==", EMF_FILTER_EQUAL },  { "!=", EMF_FILTER_UNEQUAL }, { "<=", EMF_FILTER_AT_MOST }, { ">=", EMF_FILTER_AT_LEAST },
	{ "!~", EMF_FILTER_UNLIKE }, { "<", EMF_FILTER_LESS },	   { ">", EMF_FILTER_MORE },	 { "~", EMF_FILTER_LIKE },
};
#define N_OPERATORS (sizeof(operators) / sizeof(*operators))

static uint8_t parse_or(struct parser *p);

/* The first mistake is the one that is told. Return: an index, of nothing. */
static uint8_t __attribute__((format(printf, 3, 4))) fail(struct parser *p, int err, const char *fmt, ...)
{
	va_list args;

	if (p->err)
		return 0;
	p->err = err;
	va_start(args, fmt);
	vsnprintf(p->why, EMF_FILTER_WHY_MAX, fmt, args);
	va_end(args);
	return 0;
}

static void skip_blanks(struct parser *p)
{
	p->at += strspn(p->at, " \t\n");
}

static bool take(struct parser *p, const char *text)
{
	skip_blanks(p);
	if (strncmp(p->at, text, strlen(text)))
		return false;
	p->at += strlen(text);
	return true;
}

static uint8_t add_node(struct parser *p, const struct emf_filter_node *node)
{
	if (p->err)
		return 0;
	if (p->filter->n == EMF_FILTER_NODES_MAX)
		return fail(p, -EINVAL, "it has more than %d comparisons and words that join them", EMF_FILTER_NODES_MAX);
	p->filter->nodes[p->filter->n] = *node;
	return (uint8_t)p->filter->n++;
}

/* A word, or a text in quotes, which has \" and \\ in it; NULL for none of both. */
static const char *take_word(struct parser *p)
{
	const char *begin = p->texts;
	size_t len;
	char quote;

	skip_blanks(p);
	quote = *p->at;
	if (quote != '"' && quote != '\'') {
		len = strcspn(p->at, " \t\n()!&|=<>~\"'");
		if (!len)
			return NULL;
		memcpy(p->texts, p->at, len);
		p->texts += len;
		p->at += len;
	} else {
		for (p->at++; *p->at && *p->at != quote; p->at++) {
			if (*p->at == '\\' && p->at[1])
				p->at++;
			*p->texts++ = *p->at;
		}
		if (!*p->at)
			fail(p, -EINVAL, "a %c at the end of a text is missing", quote);
		p->at += *p->at == quote;
	}
	*p->texts++ = '\0';
	return begin;
}

static uint8_t no_member(struct parser *p, const char *name)
{
	struct emf_suggestion near = { .word = name };
	char hint[HINT_MAX] = "";
	size_t at = 0;

	for (size_t i = 0; i < p->record->n; i++) {
		emf_suggest(&near, p->record->members[i].name);
		if (at < sizeof(hint))
			at += (size_t)snprintf(hint + at, sizeof(hint) - at, "%s%s", i ? ", " : "; there are ", p->record->members[i].name);
	}
	if (near.best)
		snprintf(hint, sizeof(hint), "; did you mean '%s'?", near.best);
	return fail(p, -ENOENT, "'%s' has no '%.60s'%s", p->record->name, name, hint);
}

/* "10.0.0.0/8": the address is in @node->bytes after it. 0, or -EINVAL. */
static int parse_network(struct emf_filter_node *node, char *text)
{
	bool is_4 = node->type.type == EMF_IP4 || (node->type.type == EMF_IP && !strchr(text, ':'));
	size_t before = is_4 && node->type.type == EMF_IP ? sizeof(emf_value_mapped) : 0;
	unsigned int bits = is_4 ? 32 : 128;
	char *slash = strchr(text, '/'), *end = NULL;
	int parsed;

	node->bits = bits;
	if (slash) {
		unsigned long n = strtoul(slash + 1, &end, 10);

		if (slash[1] < '0' || slash[1] > '9' || *end || n > bits)
			return -EINVAL;
		node->bits = (unsigned int)n;
		*slash = '\0';
	}
	memcpy(node->bytes, emf_value_mapped, before);
	node->bits += (unsigned int)before * 8;
	parsed = inet_pton(is_4 ? AF_INET : AF_INET6, text, node->bytes + before);
	if (slash)
		*slash = '/';
	return parsed == 1 ? 0 : -EINVAL;
}

static int parse_number(struct emf_filter_node *node, const char *text)
{
	const struct emf_value_type plain = { .type = EMF_U64 };
	/* A bit-field is written as a number of its size is. */
	struct emf_value_type type = node->type;
	uint64_t mask = UINT64_MAX >> (64 - 8 * emf_value_size(&type));
	unsigned char value[8] = { 0 };
	int err;

	type.bits = 0;
	err = emf_value_parse(&type, text, value);
	if (!err)
		node->number = emf_value_load(&type, value);
	else if (type.type == EMF_ENUM || type.type == EMF_FLAGS || type.type == EMF_BOOL)
		err = emf_value_parse(&plain, text, &node->number);
	if (type.type == EMF_ENUM || type.type == EMF_FLAGS)
		node->number &= mask;
	return err;
}

static enum emf_filter_as how_to_compare(const struct emf_filter_node *node)
{
	if (node->op == EMF_FILTER_LIKE || node->op == EMF_FILTER_UNLIKE)
		return EMF_FILTER_AS_SHOWN;
	switch (node->type.type) {
	case EMF_CONTAINER:
		return EMF_FILTER_AS_SHOWN;
	case EMF_IP4:
	case EMF_IP6:
	case EMF_IP:
	case EMF_MAC:
		return EMF_FILTER_AS_BYTES;
	default:
		return EMF_FILTER_AS_NUMBER;
	}
}

/* A whole id is compared with what is shown of it. */
static void cut_container(char *text)
{
	if (strlen(text) > EMF_CONTAINER_SHORT)
		text[EMF_CONTAINER_SHORT] = '\0';
}

static uint8_t parse_value(struct parser *p, struct emf_filter_node *node, const char *name)
{
	int err = 0;

	node->text = take_word(p);
	if (!node->text || p->err)
		return fail(p, -EINVAL, "a value is missing behind '%.60s' and its comparison", name);
	if (node->as == EMF_FILTER_AS_TEXT)
		return add_node(p, node);
	node->as = how_to_compare(node);
	if (node->type.type == EMF_CONTAINER && (node->op == EMF_FILTER_EQUAL || node->op == EMF_FILTER_UNEQUAL))
		cut_container((char *)node->text);
	if (node->as == EMF_FILTER_AS_BYTES && node->op != EMF_FILTER_EQUAL && node->op != EMF_FILTER_UNEQUAL)
		return fail(p, -EINVAL, "'%.60s' is an address: it can be compared by ==, != and ~", name);
	if (node->as == EMF_FILTER_AS_BYTES && node->type.type == EMF_MAC) {
		node->bits = 48;
		err = emf_value_parse(&node->type, node->text, node->bytes);
	} else if (node->as == EMF_FILTER_AS_BYTES) {
		err = parse_network(node, (char *)node->text);
	} else if (node->as == EMF_FILTER_AS_NUMBER) {
		err = parse_number(node, node->text);
	}
	if (err)
		return fail(p, -EINVAL, "'%.60s' cannot be %.60s: it is %s", name, node->text, emf_value_expected(node->type.type));
	return add_node(p, node);
}

/* What has no order and no text form that one would write. */
static bool is_comparable(const struct emf_member *m)
{
	if (m->type == EMF_ARGV)
		return m->bounded;
	return !emf_field_is_array(m) && m->type != EMF_STRUCT && m->type != EMF_U128 && m->type != EMF_S128 && m->type != EMF_HEX;
}

static uint8_t parse_comparison(struct parser *p)
{
	struct emf_filter_node node = { .op = EMF_FILTER_IS_SET };
	const char *name = take_word(p);

	if (!name)
		return fail(p, -EINVAL, *p->at ? "a member is missing before '%.20s'" : "a member is missing at its end%s", p->at);
	if (emf_field_find(p->record, name, &node.field))
		return no_member(p, name);
	if (!is_comparable(node.field.member))
		return fail(p, -EINVAL, "'%.60s' is %s", name,
			    emf_field_is_array(node.field.member) ? "an array, which cannot be compared" :
			    node.field.member->type == EMF_STRUCT ? "a struct: compare a member of it" : "of no known meaning, and cannot be compared");
	node.type = emf_value_type_of(node.field.member);
	if (node.field.member->type == EMF_CHAR || node.field.member->type == EMF_ARGV || node.field.member->type == EMF_STRING || node.field.member->type == EMF_COMM)
		node.as = EMF_FILTER_AS_TEXT;
	skip_blanks(p);
	for (size_t i = 0; i < N_OPERATORS; i++) {
		if (!take(p, operators[i].text))
			continue;
		node.op = operators[i].op;
		return parse_value(p, &node, name);
	}
	if (*p->at == '=')
		return fail(p, -EINVAL, "'=' sets nothing here: write == to compare");
	return add_node(p, &node);
}

static uint8_t parse_not(struct parser *p)
{
	struct emf_filter_node node = { .op = EMF_FILTER_NOT };
	uint8_t inner;

	if (p->err)
		return 0;
	if (++p->depth > DEPTH_MAX)
		return fail(p, -EINVAL, "more than %d brackets or '!' are in each other", DEPTH_MAX);
	if (take(p, "!")) {
		node.left = parse_not(p);
		inner = add_node(p, &node);
	} else if (take(p, "(")) {
		inner = parse_or(p);
		if (!take(p, ")"))
			fail(p, -EINVAL, "a ')' is missing%s%.20s", *p->at ? " before " : " at its end", p->at);
	} else {
		inner = parse_comparison(p);
	}
	p->depth--;
	return inner;
}

static uint8_t parse_and(struct parser *p)
{
	uint8_t left = parse_not(p);

	while (!p->err && take(p, "&&")) {
		struct emf_filter_node node = { .op = EMF_FILTER_AND, .left = left };

		node.right = parse_not(p);
		left = add_node(p, &node);
	}
	return left;
}

static uint8_t parse_or(struct parser *p)
{
	uint8_t left = parse_and(p);

	while (!p->err && take(p, "||")) {
		struct emf_filter_node node = { .op = EMF_FILTER_OR, .left = left };

		node.right = parse_and(p);
		left = add_node(p, &node);
	}
	return left;
}

int emf_filter_parse(const struct emf_record *record, const char *text, struct emf_filter **filter, char why[EMF_FILTER_WHY_MAX])
{
	struct parser p = { .record = record, .at = text, .why = why };

	*filter = NULL;
	/* A text is a part of it, and a NUL: of one character at least, or of two quotes. */
	p.filter = calloc(1, sizeof(*p.filter) + 2 * strlen(text) + 1);
	if (!p.filter) {
		snprintf(why, EMF_FILTER_WHY_MAX, "out of memory");
		return -ENOMEM;
	}
	p.texts = p.filter->texts;
	p.filter->root = parse_or(&p);
	skip_blanks(&p);
	if (!p.err && *p.at)
		fail(&p, -EINVAL, "nothing can stand where it says '%.20s': join comparisons by && or ||", p.at);
	if (p.err)
		free(p.filter);
	else
		*filter = p.filter;
	return p.err;
}
