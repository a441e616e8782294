/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * filter.h - which events are shown: an expression on their members.
 *
 *	pid == 1 && (comm ~ "bash*" || !error)
 *
 * Comparisons are == != < <= > >=, and ~ !~ with a pattern of a shell; of an address also
 * == and != with a network, 10.0.0.0/8. A member by itself is true if it is not zero or
 * empty. Values are written as they are shown; those that are no word or number in quotes.
 */
#ifndef EMF_CORE_FILTER_H
#define EMF_CORE_FILTER_H

#include <stdbool.h>

#include "field.h"

#define EMF_FILTER_WHY_MAX 256
#define EMF_FILTER_NODES_MAX 64 /* comparisons and what joins them */

struct emf_filter;

/**
 * emf_filter_parse() - an expression for the events of one type
 * @record: their type
 * @text: the expression
 * @filter: receives it; NULL on error. Freed by free(3)
 * @why: receives a sentence on error
 *
 * Return: 0; -ENOENT if a member does not exist in @record, -EINVAL for any other mistake,
 * -ENOMEM.
 */
int emf_filter_parse(const struct emf_record *record, const char *text, struct emf_filter **filter, char why[EMF_FILTER_WHY_MAX]);

/* Whether a record, of the type that it was parsed for, is shown. Allocates nothing. */
bool emf_filter_matches(const struct emf_filter *filter, const void *data);

#endif
