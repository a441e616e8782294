// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * line.c - numbers and texts of a line of output.
 */
#include "line.h"

#include "text.h"

#define DIGITS_MAX 20 /* of 64 bits */

/* Decimal digits of a number: 1233 / 4096 is the logarithm of 2, and what comes of it one too few at most. */
static unsigned int digits_of(uint64_t v)
{
	static const uint64_t least[DIGITS_MAX] = {
		0, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000, 10000000000, 100000000000, 1000000000000,
		10000000000000, 100000000000000, 1000000000000000, 10000000000000000, 100000000000000000, 1000000000000000000,
		10000000000000000000ull,
	};
	unsigned int n = (64 - (unsigned int)__builtin_clzll(v | 1)) * 1233 >> 12;

	return n + (v >= least[n]);
}

/* In their place at once: a copy would have to wait for what was stored a byte or two at a time. */
void emf_line_digits(struct emf_line *line, uint64_t v, unsigned int digits)
{
	static const char pairs[] = "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748495051525354"
				    "555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899";
	unsigned int n;
	char *at, *begin;

	if (v < 10 && digits == 1) {
		emf_line_char(line, (char)('0' + v));
		return;
	}
	n = digits_of(v);
	n = n > digits ? n : digits;
	if (n > line->size - line->at) {
		line->cut = true;
		return;
	}
	begin = line->text + line->at;
	at = begin + n;
	line->at += n;
	for (; v > 99; v /= 100) {
		at -= 2;
		memcpy(at, pairs + 2 * (v % 100), 2);
	}
	if (v > 9) {
		at -= 2;
		memcpy(at, pairs + 2 * v, 2);
	} else {
		*--at = (char)('0' + v);
	}
	while (at > begin)
		*--at = '0';
}

void emf_line_u64(struct emf_line *line, uint64_t v)
{
	emf_line_digits(line, v, 1);
}

void emf_line_s64(struct emf_line *line, int64_t v)
{
	if (v < 0)
		emf_line_char(line, '-');
	emf_line_u64(line, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

void emf_line_blanks(struct emf_line *line, size_t n)
{
	static const char blanks[] = "                                ";

	if (n < sizeof(blanks) && line->size - line->at >= sizeof(blanks)) {
		memcpy(line->text + line->at, blanks, sizeof(blanks));
		line->at += n;
		return;
	}
	for (; n > sizeof(blanks) - 1; n -= sizeof(blanks) - 1)
		emf_line_add(line, blanks, sizeof(blanks) - 1);
	emf_line_add(line, blanks, n);
}

static void add_hex(struct emf_line *line, const char *before, unsigned char byte)
{
	static const char digits[] = "0123456789abcdef";

	emf_line_text(line, before);
	emf_line_char(line, digits[byte >> 4]);
	emf_line_char(line, digits[byte & 15]);
}

/* For people a control character is an escape; JSON has escapes of its own for those below a blank, and doubles what begins ours. */
static void add_special(struct emf_line *line, enum emf_escape how, unsigned char byte)
{
	static const char named[] = "\n\t\r\\", letters[] = "ntr\\", json[] = "\b\f", json_letters[] = "bf";
	const char *at = byte ? strchr(named, byte) : NULL, *other = byte && how == EMF_ESCAPE_JSON ? strchr(json, byte) : NULL;

	if (byte == '"') {
		emf_line_text(line, how == EMF_ESCAPE_JSON ? "\\\"" : how == EMF_ESCAPE_CSV ? "\"\"" : "\"");
	} else if (at || other) {
		emf_line_char(line, '\\');
		emf_line_char(line, at ? letters[at - named] : json_letters[other - json]);
	} else if (how == EMF_ESCAPE_JSON) {
		add_hex(line, byte < 0x20 ? "\\u00" : "\\\\x", byte);
	} else {
		add_hex(line, "\\x", byte);
	}
}

/* Bytes that are the same in all forms: most texts have no others. */
static bool is_plain(unsigned char byte)
{
	return byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
}

void emf_line_escaped(struct emf_line *line, enum emf_escape how, const void *data, size_t n)
{
	const unsigned char *p = data, *end = p + n;

	while (p < end) {
		size_t run = 0;

		while (p + run < end && is_plain(p[run]))
			run++;
		emf_line_add(line, (const char *)p, run);
		p += run;
		if (p == end)
			return;
		run = *p < 0x80 ? 0 : emf_text_character((const char *)p, (size_t)(end - p));
		if (run)
			emf_line_add(line, (const char *)p, run);
		else
			add_special(line, how, *p);
		p += run ? run : 1;
	}
}
