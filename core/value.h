/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * value.h - values of each type, as people write them.
 */
#ifndef EMF_CORE_VALUE_H
#define EMF_CORE_VALUE_H

#include <emf/type.h>
#include <stdbool.h>

#define EMF_VALUE_MAX 4096	/* bytes; PATH_MAX: the longest text that makes sense */
#define EMF_VALUE_TEXT_MAX 320	/* a longer one is cut when printed */

/* What a value is: the part that struct emf_param and struct emf_member share. */
struct emf_value_type {
	enum emf_type type;
	size_t size; /* in bytes; of a text with its NUL */
	const struct emf_name *names;
};

/* In bytes; of those that have one size only, whatever @size says. */
size_t emf_value_size(const struct emf_value_type *type);

/* Whether it is a number that bounds mean something for; and if so, one with a sign. */
bool emf_value_is_number(enum emf_type type);
bool emf_value_is_signed(enum emf_type type);

/* A number of any width, sign-extended; and back. */
uint64_t emf_value_load(const struct emf_value_type *type, const void *value);
void emf_value_store(const struct emf_value_type *type, void *value, uint64_t number);

/**
 * emf_value_parse() - read a value
 * @type: of it
 * @text: as a person wrote it
 * @value: receives emf_value_size() bytes; untouched on error
 *
 * Return: 0; -EINVAL if the text is no such value; -ERANGE if it does not fit;
 * -ENODEV if there is no such interface, -ENOENT no such cgroup or symbol now.
 */
int emf_value_parse(const struct emf_value_type *type, const char *text, void *value);

/* What the help calls it: "NUMBER", "TIME". */
const char *emf_value_word(enum emf_type type);

/* What a person could have written: "a time with its unit, such as 500ms or 5s". */
const char *emf_value_expected(enum emf_type type);

/**
 * emf_value_format() - the value as a person would write it
 * @type: of it
 * @value: of emf_value_size() bytes, of any alignment
 * @text: receives it, without anything that drives a terminal
 *
 * Return: @text.
 */
char *emf_value_format(const struct emf_value_type *type, const void *value, char text[EMF_VALUE_TEXT_MAX]);

/* "500ms", "5s", "2m"; a number without a unit is refused. 0 or -EINVAL, -ERANGE. */
int emf_value_parse_duration(const char *text, uint64_t *ns);

#endif
