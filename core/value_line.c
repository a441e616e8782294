// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * value_line.c - values into a line of output: those that events are made of by the
 * shortest way, all others by emf_value_format().
 */
#include "value_line.h"

#include <string.h>

#include <emf/output.h>

#include "cgroup_path.h"
#include "clock.h"

static const enum emf_escape escapes[] = {
	[EMF_FORM_TABLE] = EMF_ESCAPE_PLAIN,
	[EMF_FORM_JSON] = EMF_ESCAPE_JSON,
	[EMF_FORM_CSV] = EMF_ESCAPE_CSV,
};

static void add_quote(struct emf_line *line, enum emf_form form)
{
	if (form == EMF_FORM_JSON)
		emf_line_char(line, '"');
}

void emf_text_add(struct emf_line *line, enum emf_form form, const void *text, size_t n)
{
	add_quote(line, form);
	emf_line_escaped(line, escapes[form], text, n);
	add_quote(line, form);
}

/* Most programs that read JSON keep numbers as 64 bits with a sign. */
static void add_unsigned(struct emf_line *line, enum emf_form form, uint64_t v)
{
	if (v > INT64_MAX)
		add_quote(line, form);
	emf_line_u64(line, v);
	if (v > INT64_MAX)
		add_quote(line, form);
}

static void add_number(struct emf_line *line, enum emf_form form, const struct emf_value_type *type, const void *value)
{
	uint64_t v = emf_value_load(type, value);

	if (emf_value_is_signed(type->type))
		emf_line_s64(line, (int64_t)v);
	else
		add_unsigned(line, form, v);
}

static void add_other(struct emf_line *line, enum emf_form form, const struct emf_value_type *type, const void *value)
{
	char text[EMF_VALUE_TEXT_MAX];

	/* It is escaped already: what JSON and CSV need besides are quotes. */
	emf_value_format(type, value, text);
	add_quote(line, form);
	emf_line_text(line, text);
	add_quote(line, form);
}

static void add_ip4(struct emf_line *line, enum emf_form form, const unsigned char *b)
{
	add_quote(line, form);
	for (int i = 0; i < 4; i++) {
		if (i)
			emf_line_char(line, '.');
		emf_line_u64(line, b[i]);
	}
	add_quote(line, form);
}

static void add_ip(struct emf_line *line, enum emf_form form, const struct emf_value_type *type, const unsigned char *b)
{
	if (emf_value_is_mapped(b))
		add_ip4(line, form, b + sizeof(emf_value_mapped));
	else
		add_other(line, form, type, b);
}

static void add_time(struct emf_line *line, enum emf_form form, uint64_t v, bool is_wall)
{
	if (form == EMF_FORM_TABLE && !is_wall) {
		emf_clock_add_local(line, v);
		return;
	}
	add_quote(line, form);
	emf_clock_add_rfc3339(line, is_wall ? v : emf_clock_wall(v));
	add_quote(line, form);
}

/* Of names joined with '|' in text, and in JSON an array; bits without a name are one more, "0x10". */
static void add_flags(struct emf_line *line, const struct emf_value_type *type, const void *value)
{
	const struct emf_value_type rest_type = { .type = EMF_FLAGS, .size = 8 };
	uint64_t left = emf_value_load(type, value), mask = UINT64_MAX >> (64 - 8 * emf_value_size(type));
	char text[EMF_VALUE_TEXT_MAX];
	size_t begin;

	emf_line_char(line, '[');
	begin = line->at;
	for (const struct emf_name *n = type->names; n && n->name; n++) {
		if (!(n->value & mask) || (left & n->value & mask) != (n->value & mask))
			continue;
		emf_line_text(line, line->at == begin ? "\"" : ",\"");
		emf_line_text(line, n->name);
		emf_line_char(line, '"');
		left &= ~(n->value & mask);
	}
	if (left) {
		emf_line_text(line, line->at == begin ? "\"" : ",\"");
		emf_line_text(line, emf_value_format(&rest_type, &left, text));
		emf_line_char(line, '"');
	}
	emf_line_char(line, ']');
}

/* False for a value that has no name. */
static bool add_name(struct emf_line *line, enum emf_form form, const struct emf_value_type *type, const void *value)
{
	uint64_t v = emf_value_load(type, value), mask = UINT64_MAX >> (64 - 8 * emf_value_size(type));

	for (const struct emf_name *n = type->names; n && n->name; n++)
		if ((n->value & mask) == (v & mask)) {
			add_quote(line, form);
			emf_line_text(line, n->name);
			add_quote(line, form);
			return true;
		}
	return false;
}

/* As emf_value_format_rounded(): in the smallest unit that takes at most four digits, which people can compare. */
static void add_duration(struct emf_line *line, uint64_t ns)
{
	static const struct {
		const char *unit;
		uint64_t ns;
	} units[] = { { "ns", 1 }, { "us", 1000 }, { "ms", 1000000 }, { "s", 1000000000 }, { "m", UINT64_C(60000000000) },
		      { "h", UINT64_C(3600000000000) } };
	const size_t last = sizeof(units) / sizeof(*units) - 1;
	size_t i = 0;

	while (i < last && ns >= 10000 * units[i].ns)
		i++;
	if (i)
		ns = ns / units[i].ns + (ns % units[i].ns >= units[i].ns / 2);
	emf_line_u64(line, ns);
	if (ns)
		emf_line_text(line, units[i].unit);
}

static void add_error(struct emf_line *line, enum emf_form form, int64_t error)
{
	const char *name = emf_errno_name((int)error);

	add_quote(line, form);
	if (error && *name != '?')
		emf_line_text(line, name);
	else
		emf_line_s64(line, error);
	add_quote(line, form);
}

/* By its name, or else what emf_value_format() makes of it, of which nothing has to be escaped. */
static void add_named(struct emf_line *line, enum emf_form form, const struct emf_value_type *type, const void *value)
{
	const char *name = emf_value_name(type, emf_value_load(type, value));

	if (name)
		emf_text_add(line, form, name, strlen(name));
	else
		add_other(line, form, type, value);
}

/* Programs get the whole id, and null for none. */
static void add_container(struct emf_line *line, enum emf_form form, const struct emf_value_type *type, const void *value)
{
	size_t len = 0;
	const char *id;

	if (form == EMF_FORM_TABLE) {
		add_other(line, form, type, value);
		return;
	}
	id = emf_container_id(emf_value_load(type, value), &len);
	if (id)
		emf_text_add(line, form, id, len);
	else if (form == EMF_FORM_JSON)
		emf_line_text(line, "null");
}

void emf_value_add(struct emf_line *line, enum emf_form form, const struct emf_value_type *type, const void *value)
{
	switch (type->type) {
	case EMF_BOOL:
		emf_line_text(line, *(const unsigned char *)value ? "true" : "false");
		return;
	case EMF_CHAR:
	case EMF_STRING:
	case EMF_COMM:
		emf_text_add(line, form, value, strnlen(value, emf_value_size(type)));
		return;
	case EMF_IP4:
		add_ip4(line, form, value);
		return;
	case EMF_IP:
		add_ip(line, form, type, value);
		return;
	case EMF_NS:
	case EMF_WALL:
		add_time(line, form, emf_value_load(type, value), type->type == EMF_WALL);
		return;
	case EMF_ENUM:
		if (!add_name(line, form, type, value))
			add_other(line, form, type, value);
		return;
	case EMF_FLAGS:
		if (form == EMF_FORM_JSON)
			add_flags(line, type, value);
		else
			add_other(line, form, type, value);
		return;
	case EMF_DURATION:
		if (form == EMF_FORM_TABLE)
			add_duration(line, emf_value_load(type, value));
		else
			add_number(line, form, type, value);
		return;
	case EMF_ERRNO:
		add_error(line, form, (int64_t)emf_value_load(type, value));
		return;
	case EMF_UID:
		if (form == EMF_FORM_TABLE)
			add_named(line, form, type, value);
		else
			add_number(line, form, type, value);
		return;
	case EMF_NETDEV:
	case EMF_CGROUP:
	case EMF_TCP_STATE:
	case EMF_IPPROTO:
	case EMF_SYSCALL:
	case EMF_CAP:
		add_named(line, form, type, value);
		return;
	case EMF_CONTAINER:
		add_container(line, form, type, value);
		return;
	case EMF_IP6:
	case EMF_MAC:
	case EMF_SIGNO:
	case EMF_WAIT_STATUS:
	case EMF_KSYM:
	case EMF_DEV:
	case EMF_U128: /* beyond what JSON libraries keep */
	case EMF_S128:
	case EMF_HEX:
		add_other(line, form, type, value);
		return;
	case EMF_FD:
	case EMF_MAP_FD:
	case EMF_MAP_FD_RW:
	case EMF_PROG_FD:
		emf_line_text(line, "null");
		return;
	default:
		add_number(line, form, type, value);
	}
}
