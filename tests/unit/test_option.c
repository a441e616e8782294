// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * test_option.c - without these, an option could be taken for another one, its
 * argument be lost, or a mistake be answered with silence.
 */
#include <errno.h>
#include <string.h>

#include "option.h"
#include "unit.h"

#define WORDS_MAX 8

static struct unit_capture capture;
static const char *got_interval, *got_color, *got_flag;
static int sets, rest;

static int set(const struct emf_option *option, const char *arg)
{
	*(const char **)option->context = arg ? arg : "(none)";
	sets++;
	return 0;
}

static int refuse(const struct emf_option *option, const char *arg)
{
	(void)option;
	(void)arg;
	return -ERANGE;
}

static const struct emf_option options[] = {
	{ "interval", 'i', "TIME", false, "how often", set, &got_interval },
	{ "color", 'c', "WHEN", true, "paint it", set, &got_color },
	{ "flag", 'f', NULL, false, "a flag", set, &got_flag },
	{ "refused", 0, NULL, false, NULL, refuse, NULL },
};
#define N_OPTIONS (sizeof(options) / sizeof(*options))

/* Parses "emf run" and the words of a line, which are separated by blanks. */
static int parse(const char *line, bool leading)
{
	static char copy[256];
	char *words[WORDS_MAX + 2] = { NULL };
	char *at = copy;
	int n = 0, parsed;

	snprintf(copy, sizeof(copy), "run %s", line);
	while ((words[n] = strsep(&at, " ")))
		n += *words[n] != '\0';
	unit_capture_begin(&capture, stderr);
	parsed = emf_options_parse("emf run", options, N_OPTIONS, n, words, leading, &rest);
	unit_capture_end(&capture);
	return parsed;
}

static void check_refused(const char *line, const char *message)
{
	ck_assert_int_eq(parse(line, false), -EINVAL);
	ck_assert_str_eq(capture.text, message);
}

START_TEST(long_options_take_their_argument_in_both_forms)
{
	ck_assert_int_eq(parse("--interval 5s", false), 0);
	ck_assert_str_eq(got_interval, "5s");
	ck_assert_int_eq(parse("--interval=6s", false), 0);
	ck_assert_str_eq(got_interval, "6s");
	ck_assert_int_eq(parse("--interval=", false), 0);
	ck_assert_str_eq(got_interval, "");
}
END_TEST

START_TEST(short_options_can_be_joined)
{
	ck_assert_int_eq(parse("-fi5s", false), 0);
	ck_assert_str_eq(got_flag, "(none)");
	ck_assert_str_eq(got_interval, "5s");
	ck_assert_int_eq(parse("-i 6s", false), 0);
	ck_assert_str_eq(got_interval, "6s");
}
END_TEST

START_TEST(an_optional_argument_is_taken_after_an_equals_sign_only)
{
	ck_assert_int_eq(parse("--color", false), 0);
	ck_assert_str_eq(got_color, "(none)");
	ck_assert_int_eq(parse("--color=never", false), 0);
	ck_assert_str_eq(got_color, "never");
	ck_assert_int_eq(parse("-c never", false), 0);
	ck_assert_str_eq(got_color, "(none)");
	ck_assert_int_eq(rest, 2);
}
END_TEST

START_TEST(a_short_option_with_an_optional_argument_leaves_the_next_letter_alone)
{
	ck_assert_int_eq(parse("-cf", false), 0);
	ck_assert_str_eq(got_color, "(none)");
	ck_assert_str_eq(got_flag, "(none)");
}
END_TEST

START_TEST(a_missing_argument_is_named)
{
	check_refused("--interval", "emf: run: option '--interval' needs an argument\n");
	check_refused("-i", "emf: run: option '-i' needs an argument\n");
}
END_TEST

START_TEST(an_unknown_long_option_gets_the_nearest_one)
{
	check_refused("--intervall", "emf: run: unknown option '--intervall'; did you mean '--interval'?\n");
	check_refused("--xyzzy", "emf: run: unknown option '--xyzzy'; 'emf run --help' lists the options\n");
}
END_TEST

START_TEST(the_argument_of_an_unknown_option_does_not_hide_the_nearest_one)
{
	check_refused("--intervall=500ms",
		      "emf: run: unknown option '--intervall'; did you mean '--interval'?\n");
}
END_TEST

START_TEST(an_unknown_letter_is_named_also_among_others)
{
	check_refused("-x", "emf: run: unknown option '-x'; 'emf run --help' lists the options\n");
	check_refused("-fx", "emf: run: unknown option '-x'; 'emf run --help' lists the options\n");
}
END_TEST

START_TEST(an_argument_for_an_option_without_one_is_refused)
{
	check_refused("--flag=yes", "emf: run: option '--flag' takes no argument\n");
	check_refused("--help=yes", "emf: run: option '--help' takes no argument\n");
}
END_TEST

START_TEST(a_value_that_is_refused_ends_the_parse)
{
	ck_assert_int_eq(parse("--refused -f", false), -EINVAL);
	ck_assert_int_eq(sets, 0);
	ck_assert_str_eq(capture.text, "");
}
END_TEST

START_TEST(help_is_known_without_the_table)
{
	ck_assert_int_eq(parse("--help", false), EMF_OPTIONS_HELP);
	ck_assert_int_eq(parse("-h", false), EMF_OPTIONS_HELP);
	ck_assert_int_eq(parse("-fh", false), EMF_OPTIONS_HELP);
}
END_TEST

START_TEST(leading_options_end_at_the_first_word)
{
	ck_assert_int_eq(parse("-f word -i 5s", true), 0);
	ck_assert_int_eq(sets, 1);
	ck_assert_int_eq(rest, 2);
	ck_assert_int_eq(parse("word --unknown", true), 0);
	ck_assert_int_eq(rest, 1);
}
END_TEST

START_TEST(other_words_move_behind_the_options)
{
	ck_assert_int_eq(parse("word -f", false), 0);
	ck_assert_int_eq(sets, 1);
	ck_assert_int_eq(rest, 2);
	ck_assert_int_eq(parse("-f -- -i", false), 0);
	ck_assert_int_eq(rest, 3);
}
END_TEST

START_TEST(a_table_that_is_too_large_is_refused)
{
	char run[] = "run";
	char *words[] = { run, NULL };

	unit_capture_begin(&capture, stderr);
	ck_assert_int_eq(emf_options_parse("emf run", options, EMF_OPTIONS_MAX + 1, 1, words, false, &rest),
			 -EINVAL);
	unit_contains(unit_capture_end(&capture), "name fewer modules");
}
END_TEST

START_TEST(the_help_is_aligned)
{
	static const struct emf_option more[] = {
		{ "a-name-that-is-longer-than-most", 0, "NUMBER", false, "wraps", set, NULL },
	};

	unit_capture_begin(&capture, stdout);
	emf_options_help(stdout, options, N_OPTIONS);
	emf_options_help(stdout, more, 1);
	ck_assert_str_eq(unit_capture_end(&capture),
			 "  -i, --interval TIME           how often\n"
			 "  -c, --color[=WHEN]            paint it\n"
			 "  -f, --flag                    a flag\n"
			 "      --a-name-that-is-longer-than-most NUMBER\n"
			 "                                wraps\n");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("option");
	TCase *c = tcase_create("options");

	tcase_add_test(c, long_options_take_their_argument_in_both_forms);
	tcase_add_test(c, short_options_can_be_joined);
	tcase_add_test(c, an_optional_argument_is_taken_after_an_equals_sign_only);
	tcase_add_test(c, a_short_option_with_an_optional_argument_leaves_the_next_letter_alone);
	tcase_add_test(c, a_missing_argument_is_named);
	tcase_add_test(c, an_unknown_long_option_gets_the_nearest_one);
	tcase_add_test(c, the_argument_of_an_unknown_option_does_not_hide_the_nearest_one);
	tcase_add_test(c, an_unknown_letter_is_named_also_among_others);
	tcase_add_test(c, an_argument_for_an_option_without_one_is_refused);
	tcase_add_test(c, a_value_that_is_refused_ends_the_parse);
	tcase_add_test(c, help_is_known_without_the_table);
	tcase_add_test(c, leading_options_end_at_the_first_word);
	tcase_add_test(c, other_words_move_behind_the_options);
	tcase_add_test(c, a_table_that_is_too_large_is_refused);
	tcase_add_test(c, the_help_is_aligned);
	suite_add_tcase(s, c);
	return s;
}

int main(void)
{
	return unit_main(suite());
}
