// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * test_line.c - without these, a line of output could be written beyond its end, and
 * what others named something break out of its quotes.
 */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <emf/output.h>

#include "clock.h"
#include "json.h"
#include "unit.h"

static char text[256];

static struct emf_line a_line(size_t size)
{
	memset(text, '#', sizeof(text));
	return (struct emf_line){ .text = text, .size = size };
}

static const char *ended(struct emf_line *line)
{
	ck_assert_uint_le(line->at, line->size);
	text[line->at] = '\0';
	return text;
}

START_TEST(numbers_are_what_printf_makes_of_them)
{
	static const int64_t numbers[] = { 0, 1, -1, 9, 10, -10, 123456789, INT64_MAX, INT64_MIN };
	char wanted[64];

	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		struct emf_line line = a_line(64);

		emf_line_s64(&line, numbers[i]);
		emf_line_char(&line, ' ');
		emf_line_u64(&line, (uint64_t)numbers[i]);
		emf_line_char(&line, ' ');
		emf_line_digits(&line, (uint64_t)numbers[i] % 1000, 9);
		snprintf(wanted, sizeof(wanted), "%" PRId64 " %" PRIu64 " %09" PRIu64, numbers[i], (uint64_t)numbers[i], (uint64_t)numbers[i] % 1000);
		ck_assert_str_eq(ended(&line), wanted);
	}
}
END_TEST

START_TEST(nothing_is_written_beyond_the_end_and_that_it_is_missing_is_known)
{
	struct emf_line line = a_line(5);

	emf_line_text(&line, "abc");
	ck_assert(!line.cut);
	emf_line_text(&line, "def");
	ck_assert(line.cut);
	emf_line_u64(&line, 12);
	emf_line_blanks(&line, 1000);
	emf_line_escaped(&line, EMF_ESCAPE_JSON, "\"\"\"\"", 4);
	ck_assert_int_eq(text[5], '#');
	ck_assert_uint_eq(line.at, 5);
}
END_TEST

START_TEST(for_people_a_text_is_what_emf_text_makes_of_it)
{
	for (int byte = 0; byte < 256; byte++) {
		char wanted[16], data[3] = { 'a', (char)byte, 'b' };
		struct emf_line line = a_line(64);

		emf_line_escaped(&line, EMF_ESCAPE_PLAIN, data, 3);
		ck_assert_str_eq(ended(&line), emf_text(wanted, sizeof(wanted), data, 3));
	}
}
END_TEST

START_TEST(a_text_of_json_reads_back_as_what_the_library_makes_of_it)
{
	for (int byte = 0; byte < 65536; byte++) {
		char data[4] = { 'a', (char)(byte >> 8), (char)byte, 'b' };
		json_t *wanted = emf_json_textn(data, 4), *read;
		struct emf_line line = a_line(64);

		emf_line_char(&line, '"');
		emf_line_escaped(&line, EMF_ESCAPE_JSON, data, 4);
		emf_line_char(&line, '"');
		read = json_loads(ended(&line), JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
		ck_assert_msg(read && json_equal(read, wanted), "%#x: %s", byte, text);
		json_decref(read);
		json_decref(wanted);
	}
}
END_TEST

START_TEST(quotes_are_doubled_in_csv)
{
	struct emf_line line = a_line(64);

	emf_line_escaped(&line, EMF_ESCAPE_CSV, "a\"b,\n\x1b", 6);
	ck_assert_str_eq(ended(&line), "a\"\"b,\\n\\x1b");
}
END_TEST

START_TEST(times_are_those_of_the_calendar)
{
	static const struct {
		uint64_t ns;
		const char *text;
	} times[] = { { 0, "1970-01-01T00:00:00.000000000Z" }, { 1, "1970-01-01T00:00:00.000000001Z" },
		      { UINT64_C(951782399999999999), "2000-02-28T23:59:59.999999999Z" },
		      { UINT64_C(951782400000000000), "2000-02-29T00:00:00.000000000Z" } };

	for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++) {
		struct emf_line line = a_line(64);

		emf_clock_add_rfc3339(&line, times[i].ns);
		ck_assert_str_eq(ended(&line), times[i].text);
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("line");
	TCase *c = tcase_create("lines");

	tcase_add_test(c, numbers_are_what_printf_makes_of_them);
	tcase_add_test(c, nothing_is_written_beyond_the_end_and_that_it_is_missing_is_known);
	tcase_add_test(c, for_people_a_text_is_what_emf_text_makes_of_it);
	tcase_add_test(c, a_text_of_json_reads_back_as_what_the_library_makes_of_it);
	tcase_add_test(c, quotes_are_doubled_in_csv);
	tcase_add_test(c, times_are_those_of_the_calendar);
	suite_add_tcase(s, c);
	return s;
}

int main(void)
{
	return unit_main(suite());
}
