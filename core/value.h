/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * value.h - values of each type, as people write them.
 */
#ifndef EMF_CORE_VALUE_H
#define EMF_CORE_VALUE_H

#include <emf/type.h>
#include <stdbool.h>

#define EMF_VALUE_MAX 4096	/* bytes; PATH_MAX: the longest text that makes sense */
#define EMF_DEV_MINOR_BITS 20	/* MINORBITS, include/linux/kdev_t.h */
#define EMF_VALUE_TEXT_MAX 320	/* a longer one is cut when printed */

/* What a value is: the part that struct emf_param and struct emf_member share. */
struct emf_value_type {
	enum emf_type type;
	size_t size; /* in bytes; of a text with its NUL */
	const struct emf_name *names;
	unsigned int bits, shift; /* of a bit-field; 0 if it is none */
};

/* That of a member, for one of its elements. */
static inline struct emf_value_type emf_value_type_of(const struct emf_member *member)
{
	return (struct emf_value_type){ member->type, member->size, member->names, member->bits, member->shift };
}

/**
 * emf_value_size() - how many bytes a value has
 * @type: of it
 *
 * Context: any.
 * Return: bytes; of a type that has one size only that one, whatever @type->size says.
 */
size_t emf_value_size(const struct emf_value_type *type);

/**
 * emf_value_is_wide() - whether it has 1, 2, 4 or 8 bytes, as who has it likes
 * @type: without the rest
 *
 * Context: any.
 * Return: true for enums, flags, and constants of the kernel such as system calls.
 */
bool emf_value_is_wide(enum emf_type type);

/**
 * emf_value_is_number() - whether bounds mean something for it
 * @type: without the rest
 *
 * Context: any.
 * Return: true for integers, times and ids; false for texts, addresses, names, structs.
 */
bool emf_value_is_number(enum emf_type type);

/**
 * emf_value_is_signed() - whether it can be negative
 * @type: without the rest
 *
 * Context: any.
 * Return: true for s8 to s64, errno, signo and wait_status.
 */
bool emf_value_is_signed(enum emf_type type);

/**
 * emf_value_load() - a number of any width and byte order
 * @type: of 1, 2, 4 or 8 bytes
 * @value: of any alignment
 *
 * Context: any.
 * Return: the number, sign-extended if its type has a sign.
 */
uint64_t emf_value_load(const struct emf_value_type *type, const void *value);

/**
 * emf_value_store() - the way back
 * @type: of 1, 2, 4 or 8 bytes
 * @value: receives them; of any alignment
 * @number: of which as many bits are kept as @type has
 *
 * Context: any.
 */
void emf_value_store(const struct emf_value_type *type, void *value, uint64_t number);

/**
 * emf_value_parse() - read a value
 * @type: of it
 * @text: as a person wrote it
 * @value: receives emf_value_size() bytes; untouched on error
 *
 * Context: loop thread; a cgroup, a device, a symbol and a user are looked up in files.
 * Return: 0; -EINVAL if the text is no such value; -ERANGE if it does not fit;
 * -ENODEV if there is no such interface, -ENOENT no such cgroup, device or symbol now; what
 * open(2) says of /proc/kallsyms.
 */
int emf_value_parse(const struct emf_value_type *type, const char *text, void *value);

/* A number that is not negative, decimal or 0x. As emf_value_parse(). */
int emf_value_parse_unsigned(const char *text, uint64_t *number);

/* An interface, a cgroup, a symbol, a user, a device of this machine, or its number. As emf_value_parse(). */
int emf_value_find(enum emf_type type, const char *text, uint64_t *number);

/**
 * emf_value_word() - what the help calls it
 * @type: without the rest
 *
 * Context: any.
 * Return: a constant text: "NUMBER", "TIME".
 */
const char *emf_value_word(enum emf_type type);

/**
 * emf_value_expected() - what a person could have written
 * @type: without the rest
 *
 * Context: any.
 * Return: a constant text: "a whole number with its unit, such as 500ms or 5s".
 */
const char *emf_value_expected(enum emf_type type);

/**
 * emf_value_format() - the value as a person would write it
 * @type: of it
 * @value: of emf_value_size() bytes, of any alignment
 * @text: receives it, cut to its size, without anything that drives a terminal
 *
 * Context: loop thread.
 * Return: @text.
 */
char *emf_value_format(const struct emf_value_type *type, const void *value, char text[EMF_VALUE_TEXT_MAX]);

/**
 * emf_value_name() - what a number stands for, by name
 * @type: of it
 * @number: of emf_value_load()
 *
 * Context: loop thread.
 * Return: the name as it is, which may drive a terminal, good until the next call: of an
 * interface, a user, a cgroup, a constant of the kernel; NULL for a number without one,
 * and for other types.
 */
const char *emf_value_name(const struct emf_value_type *type, uint64_t number);

/* The first 12 bytes of an ip that is of IPv4, and whether they are: RFC 4291, 2.5.5.2. */
extern const unsigned char emf_value_mapped[12];
bool emf_value_is_mapped(const void *ip);

/* A duration for people to compare: in the smallest unit that takes at most four digits. Return: @text. */
char *emf_value_format_rounded(uint64_t ns, char text[EMF_VALUE_TEXT_MAX]);

/**
 * emf_value_parse_duration() - read a time with its unit
 * @text: "500ms", "5s", "2m"; of numbers without a unit only 0 is one
 * @ns: receives it in nanoseconds; untouched on error
 *
 * Context: any.
 * Return: 0; -EINVAL if the text is no time; -ERANGE if it does not fit into 64 bits.
 */
int emf_value_parse_duration(const char *text, uint64_t *ns);

#endif
