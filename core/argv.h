/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * argv.h - arguments of a program as bytes: each has a NUL behind it, and the last one has none if there were more.
 */
#ifndef EMF_CORE_ARGV_H
#define EMF_CORE_ARGV_H

#include "field.h"

/* Whether there were more than these @n bytes. */
static inline bool emf_argv_is_cut(const char *args, size_t n)
{
	return n && args[n - 1];
}

/**
 * emf_argv_add() - arguments as text
 * @line: receives them
 * @form: as a table they are quoted so that a shell reads these back and does nothing else, with "..." for those that are missing;
 *	in JSON an array of texts, with null for those
 * @args: see above
 * @n: bytes
 */
void emf_argv_add(struct emf_line *line, enum emf_form form, const char *args, size_t n);

/* For comparisons: with a blank between them, cut to @size. Return: bytes in @out. */
size_t emf_argv_join(char *out, size_t size, const char *args, size_t n);

#endif
