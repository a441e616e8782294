// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * test_log.c - without these, a name or an argument that comes from anybody could drive
 * the operator's terminal, or look like a line that the product has not written.
 */
#include <string.h>

#include <emf/log.h>

#include "log.h"
#include "unit.h"

static const struct module speaker = { .name = "speaker" };
static struct unit_capture capture;
static char tapped[256];

static void on_line(const struct module *m, enum emf_log_level level, const char *line)
{
	(void)m;
	(void)level;
	snprintf(tapped, sizeof(tapped), "%s", line);
}

static void setup(void)
{
	tapped[0] = '\0';
	emf_log_init("unit");
	unit_capture_begin(&capture, stderr);
}

#define check_line(text, wanted)                                       \
	do {                                                           \
		emf_err(NULL, "%s", text);                             \
		ck_assert_str_eq(unit_capture_end(&capture), wanted);  \
	} while (0)

START_TEST(control_characters_are_escaped)
{
	check_line("a \x1b[31mred\x07 b\rc\x7f", "unit: a \\x1B[31mred\\x07 b\\x0Dc\\x7F\n");
}
END_TEST

/* C1 controls: a terminal takes U+009B as it takes ESC [. */
START_TEST(controls_of_two_bytes_are_escaped_as_well)
{
	check_line("a\xc2\x9b" "31m", "unit: a\\xC2\\x9B31m\n");
}
END_TEST

START_TEST(bytes_that_are_no_text_are_escaped)
{
	check_line("a\xff\xc3(\xe2\x82", "unit: a\\xFF\\xC3(\\xE2\\x82\n");
}
END_TEST

START_TEST(letters_of_all_languages_and_tabs_stay)
{
	check_line("caf\xc3\xa9 \xe2\x82\xac\tend", "unit: caf\xc3\xa9 \xe2\x82\xac\tend\n");
}
END_TEST

START_TEST(each_line_of_a_message_says_whose_it_is)
{
	emf_warn(&speaker, "%s", "one\nunit: two");
	ck_assert_str_eq(unit_capture_end(&capture), "speaker: warning: one\nspeaker: warning: unit: two\n");
}
END_TEST

/* Who hears log.line escapes for where it is printed; here it is data. */
START_TEST(the_bus_gets_a_line_as_it_is)
{
	emf_log_set_tap(on_line);
	emf_err(NULL, "%s", "a\x1b" "b");
	emf_log_set_tap(NULL);
	unit_capture_end(&capture);
	ck_assert_str_eq(tapped, "a\x1b" "b");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("log");
	TCase *c = tcase_create("lines");

	tcase_add_checked_fixture(c, setup, NULL);
	tcase_add_test(c, control_characters_are_escaped);
	tcase_add_test(c, controls_of_two_bytes_are_escaped_as_well);
	tcase_add_test(c, bytes_that_are_no_text_are_escaped);
	tcase_add_test(c, letters_of_all_languages_and_tabs_stay);
	tcase_add_test(c, each_line_of_a_message_says_whose_it_is);
	tcase_add_test(c, the_bus_gets_a_line_as_it_is);
	suite_add_tcase(s, c);
	return s;
}

int main(void)
{
	return unit_main(suite());
}
