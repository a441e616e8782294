/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * record_json.h - records as people and programs write them: JSON, and words "k=v".
 *
 * The forms are those of docs/idl.md. A text that a person would write ("5ms", "root",
 * "0x10") is taken wherever a number is; a number beyond 2^63 - 1, which JSON libraries
 * do not keep, is a text of its digits in both directions.
 */
#ifndef EMF_CORE_RECORD_JSON_H
#define EMF_CORE_RECORD_JSON_H

#include <emf/type.h>
#include <jansson.h>

#define EMF_RECORD_WHY_MAX 512
#define EMF_RECORD_DEPTH_MAX 16 /* of structs in structs */

/**
 * emf_record_to_json() - a record as JSON
 * @record: its description; NULL for no members
 * @data: of record->size bytes, checked; fine to be NULL without members
 *
 * File descriptors are null: they mean nothing to whoever reads it. Of a text, bytes
 * that are not UTF-8 become \xHH.
 *
 * Return: an object, a new reference; NULL for ENOMEM.
 */
json_t *emf_record_to_json(const struct emf_record *record, const void *data);

/* One element of a member. */
json_t *emf_record_value_to_json(const struct emf_member *member, const void *at);

/**
 * emf_record_from_json() - the way back; what people write is not trusted
 * @record: its description; NULL for no members
 * @json: an object
 * @data: receives record->size bytes; undefined on error
 * @why: receives a sentence on error: "rows[3].key.saddr: ..."
 *
 * A member that is missing gets its default, or is an error without one.
 *
 * Return: 0; -EINVAL.
 */
int emf_record_from_json(const struct emf_record *record, const json_t *json, void *data, char why[EMF_RECORD_WHY_MAX]);

/**
 * emf_record_words() - words to the JSON that emf_record_from_json() takes
 * @record: its description; NULL for no members
 * @words: one of JSON, "{...}"; or "k=v", where k may be "a.b" and v of an array
 *	"a,b,c" or JSON
 * @n: how many; none are {}
 * @json: receives a new reference
 * @why: receives a sentence on error
 *
 * Return: 0; -EINVAL; -ENOMEM.
 */
int emf_record_words(const struct emf_record *record, const char *const *words, int n, json_t **json,
		     char why[EMF_RECORD_WHY_MAX]);

/* The nearest member as "; did you mean 'x'?", or all of them as "; there are: x, y". */
void emf_record_hint(const struct emf_record *record, const char *word, char *hint, size_t size);

#endif
