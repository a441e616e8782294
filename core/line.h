/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * line.h - a line of output, put together without printf(3) and without allocation: an
 * event is some ten values, and each of them would cost 100 ns otherwise.
 */
#ifndef EMF_CORE_LINE_H
#define EMF_CORE_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A text that has room for @size bytes; it has no NUL at its end. */
struct emf_line {
	char *text;
	size_t size;
	size_t at;
	bool cut; /* something had no room, and is missing */
};

static inline void emf_line_add(struct emf_line *line, const char *text, size_t n)
{
	if (n > line->size - line->at) {
		line->cut = true;
		return;
	}
	memcpy(line->text + line->at, text, n);
	line->at += n;
}

static inline void emf_line_text(struct emf_line *line, const char *text)
{
	emf_line_add(line, text, strlen(text));
}

static inline void emf_line_char(struct emf_line *line, char c)
{
	if (line->at == line->size)
		line->cut = true;
	else
		line->text[line->at++] = c;
}

void emf_line_u64(struct emf_line *line, uint64_t v);
void emf_line_s64(struct emf_line *line, int64_t v);
/* With so many digits at least, zeros in front: 0 to 20 of them. */
void emf_line_digits(struct emf_line *line, uint64_t v, unsigned int digits);
void emf_line_blanks(struct emf_line *line, size_t n);

/* What the bytes of others may look like. */
enum emf_escape {
	EMF_ESCAPE_PLAIN, /* the rule of emf_text() */
	EMF_ESCAPE_JSON,  /* within the quotes of a text of JSON; no character more or less than emf_json_text() makes */
	EMF_ESCAPE_CSV,	  /* within quotes, RFC 4180; what drives a terminal as by emf_text() */
};

void emf_line_escaped(struct emf_line *line, enum emf_escape how, const void *data, size_t n);

#endif
