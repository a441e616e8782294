/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * json.h - JSON of texts that others wrote, and the printing of it.
 */
#ifndef EMF_CORE_JSON_H
#define EMF_CORE_JSON_H

#include <jansson.h>

/**
 * emf_json_text() - a text of unknown origin
 * @text: NULL counts as empty
 *
 * jansson makes nothing of what is not UTF-8, and whole objects go missing. Here
 * such bytes, and controls that drive terminals, become \xHH, as in emf_text();
 * the rest stays as it is, lines too.
 *
 * Return: a new reference; NULL for ENOMEM.
 */
json_t *emf_json_text(const char *text);

/* The same for a text of which the length is known. */
json_t *emf_json_textn(const char *text, size_t len);

/* Prints on standard output and drops the reference; an exit status. */
int emf_json_print(json_t *json);

/* The same on a line of its own. Return: 0; -ENOMEM, also for NULL. */
int emf_json_line(json_t *json);

#endif
