/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * record.h - records that come from elsewhere: what is wrong with them, and their
 * form on the wire, where the unused end of the last bounded array is cut off.
 */
#ifndef EMF_CORE_RECORD_H
#define EMF_CORE_RECORD_H

#include <emf/type.h>
#include <stdbool.h>

/**
 * emf_record_wire_size() - how much of a record is used
 * @record: its description
 * @data: of record->size bytes; trusted
 *
 * Return: in bytes, at most record->size.
 */
size_t emf_record_wire_size(const struct emf_record *record, const void *data);

/**
 * emf_record_load() - a record from the wire; the boundary where it is checked
 * @record: its description
 * @bytes: of any alignment
 * @n: how many
 * @partial: the sender has another minor version: what it lacks is zero, what it
 *	has more is left out
 * @out: receives record->size bytes; undefined on error
 *
 * Numbers of array elements are within bounds, truth values 0 or 1, enums and flags
 * of known values, numbers in range, texts terminated.
 *
 * Return: 0; -EBADMSG if it is too short or too long; -EINVAL for a wrong value.
 */
int emf_record_load(const struct emf_record *record, const void *bytes, size_t n, bool partial, void *out);

/* Whether a value, of a number type, is within the bounds of its description; also if there are none. */
bool emf_member_in_range(const struct emf_member *member, const void *value);

/* Whether a value, of an enum or flags, is one that the description names, or made of such. */
bool emf_member_is_named(const struct emf_member *member, uint64_t value);

/* Whether there is a file descriptor in it. */
bool emf_record_has_fds(const struct emf_record *record);

/**
 * emf_record_fds() - where the file descriptors of a record are
 * @record: its description
 * @data: of record->size bytes
 * @each: called with each
 * @arg: passed on
 *
 * Return: 0, or what @each returned otherwise; then it ended there.
 */
int emf_record_fds(const struct emf_record *record, void *data, int (*each)(enum emf_type type, int *fd, void *arg),
		   void *arg);

#endif
