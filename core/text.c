// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * text.c - bytes as text for people.
 */
#include "text.h"

#include <stdio.h>
#include <string.h>

#include <emf/output.h>

/* Length of the UTF-8 sequence at @p, or 0 if it is none, or a C1 control. */
static size_t utf8_length(const unsigned char *p, size_t left)
{
	size_t n = *p >= 0xc2 && *p < 0xe0 ? 2 : *p >= 0xe0 && *p < 0xf0 ? 3 :
		   *p >= 0xf0 && *p < 0xf5 ? 4 : 0;

	if (!n || n > left)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if (*p == 0xc2 && p[1] < 0xa0) /* U+0080 to U+009F drive terminals too */
		return 0;
	if ((*p == 0xe0 && p[1] < 0xa0) || (*p == 0xed && p[1] >= 0xa0) ||
	    (*p == 0xf0 && p[1] < 0x90) || (*p == 0xf4 && p[1] >= 0x90))
		return 0; /* overlong, a surrogate, or beyond U+10FFFF */
	return n;
}

size_t emf_text_character(const char *text, size_t left)
{
	const unsigned char *p = (const unsigned char *)text;

	if (*p < 0x80)
		return *p >= 0x20 && *p != 0x7f;
	return utf8_length(p, left);
}

static size_t escape(char out[5], unsigned char byte)
{
	static const char named[] = "\n\t\r\\";
	static const char letters[] = "ntr\\";
	const char *at = byte ? strchr(named, byte) : NULL;

	if (at) {
		out[0] = '\\';
		out[1] = letters[at - named];
		return 2;
	}
	return (size_t)snprintf(out, 5, "\\x%02x", byte);
}

char *emf_text(char *out, size_t out_size, const void *data, size_t len_bytes)
{
	const unsigned char *p = data, *end = p + len_bytes;
	size_t at = 0;

	while (p < end) {
		char escaped[5];
		const char *piece = (const char *)p;
		size_t n = *p == '\\' ? 0 : emf_text_character(piece, (size_t)(end - p));
		size_t take = n ? n : 1;

		if (!n) {
			n = escape(escaped, *p);
			piece = escaped;
		}
		if (at + n >= out_size)
			break;
		memcpy(out + at, piece, n);
		at += n;
		p += take;
	}
	out[at] = '\0';
	return out;
}
