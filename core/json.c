// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * json.c - JSON of texts that others wrote, and the printing of it.
 */
#include "json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"
#include "log.h"
#include "text.h"

json_t *emf_json_text(const char *text)
{
	return emf_json_textn(text, text ? strlen(text) : 0);
}

json_t *emf_json_textn(const char *text, size_t len)
{
	size_t left = len, at = 0;
	char *out = malloc(4 * left + 1); /* all of it as \xHH */
	json_t *json;

	if (!out)
		return NULL;
	while (left) {
		size_t n = emf_text_character(text, left);

		/* The other controls JSON itself escapes. */
		if (!n && (unsigned char)*text < 0x20)
			n = 1;
		if (n)
			memcpy(out + at, text, n);
		at += n ? n : (size_t)snprintf(out + at, 5, "\\x%02x", (unsigned char)*text);
		text += n ? n : 1;
		left -= n ? n : 1;
	}
	json = json_stringn(out, at);
	free(out);
	return json;
}

int emf_json_print(json_t *json)
{
	int err = json ? json_dumpf(json, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6)) : -1;

	json_decref(json);
	printf("\n");
	if (err)
		emf_err(NULL, "the JSON could not be made: out of memory, or the output is closed");
	return err ? EMF_EXIT_FAILED : EMF_EXIT_OK;
}

int emf_json_line(json_t *json)
{
	int err = json && !json_dumpf(json, stdout, JSON_COMPACT) ? 0 : -ENOMEM;

	json_decref(json);
	printf("\n");
	return err;
}
