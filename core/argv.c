// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * argv.c - arguments of a program as text.
 */
#include "argv.h"

#include "text.h"
#include "value_line.h"

/* What a shell reads an argument back from: nothing around it, '...', or $'...' where something may not be shown as it is. */
enum quotes { BARE, QUOTED, ESCAPED };

static enum quotes quotes_of(const char *arg, size_t len, bool is_first)
{
	static const char special[] = " \"'\\$`&|;<>()*?[]#~!{}^";
	enum quotes quotes = len ? BARE : QUOTED;

	for (size_t n; len; arg += n, len -= n) {
		n = emf_text_character(arg, len);
		if (!n)
			return ESCAPED;
		/* A program whose name has a '=' is none, but sets a variable. */
		if (memchr(special, *arg, sizeof(special) - 1) || (*arg == '=' && is_first))
			quotes = QUOTED;
	}
	return quotes;
}

/* As "\x27" also for a shell that does not know $'...', where a quote behind a '\' would end it. */
static void add_escaped(struct emf_line *line, const char *arg, size_t len)
{
	while (len) {
		const char *quote = memchr(arg, '\'', len);
		size_t n = quote ? (size_t)(quote - arg) : len;

		emf_text_add(line, EMF_FORM_TABLE, arg, n);
		if (quote)
			emf_line_text(line, "\\x27");
		n += quote != NULL;
		arg += n;
		len -= n;
	}
}

static void add_quoted(struct emf_line *line, const char *arg, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (arg[i] == '\'')
			emf_line_text(line, "'\\''");
		else
			emf_line_char(line, arg[i]);
}

static void add(struct emf_line *line, const char *arg, size_t len, bool is_first)
{
	enum quotes quotes = quotes_of(arg, len, is_first);

	if (quotes == BARE) {
		emf_line_add(line, arg, len);
		return;
	}
	emf_line_text(line, quotes == ESCAPED ? "$'" : "'");
	if (quotes == ESCAPED)
		add_escaped(line, arg, len);
	else
		add_quoted(line, arg, len);
	emf_line_char(line, '\'');
}

void emf_argv_add(struct emf_line *line, enum emf_form form, const char *args, size_t n)
{
	bool is_json = form == EMF_FORM_JSON;

	if (is_json)
		emf_line_char(line, '[');
	for (size_t at = 0, len; at < n && !line->cut; at += len + 1) {
		len = strnlen(args + at, n - at);
		if (at)
			emf_line_char(line, is_json ? ',' : ' ');
		if (is_json)
			emf_text_add(line, form, args + at, len);
		else
			add(line, args + at, len, !at);
	}
	if (emf_argv_is_cut(args, n))
		emf_line_text(line, is_json ? ",null" : " ...");
	if (is_json)
		emf_line_char(line, ']');
}

size_t emf_argv_join(char *out, size_t size, const char *args, size_t n)
{
	if (n && !args[n - 1])
		n--;
	n = n < size ? n : size;
	for (size_t i = 0; i < n; i++)
		out[i] = args[i] ? args[i] : ' ';
	return n;
}
