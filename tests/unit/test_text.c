// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * test_text.c - without these, a process could choose a name that drives the
 * operator's terminal, and tables and histograms could become unreadable.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <emf/hist.h>
#include <emf/output.h>

#include "table.h"
#include "unit.h"

/* --- emf_text() */

static char out[256];

static const char *text(const char *data, size_t len)
{
	return emf_text(out, sizeof(out), data, len);
}

#define check_text(data, wanted) ck_assert_str_eq(text(data, sizeof(data) - 1), wanted)

START_TEST(plain_text_stays_as_it_is)
{
	check_text("kworker/0:1 ~!\"%", "kworker/0:1 ~!\"%");
	check_text("", "");
}
END_TEST

START_TEST(control_bytes_and_backslashes_are_escaped)
{
	check_text("a\nb\tc\rd\\e", "a\\nb\\tc\\rd\\\\e");
	check_text("\x1b[2J", "\\x1b[2J");
	check_text("\0\x01\x7f", "\\x00\\x01\\x7f");
}
END_TEST

START_TEST(c1_controls_are_escaped_in_both_forms)
{
	check_text("\x9b" "31m", "\\x9b31m");
	check_text("\xc2\x9b" "31m", "\\xc2\\x9b31m");
	check_text("\xc2\xa0", "\xc2\xa0");
}
END_TEST

START_TEST(valid_utf8_stays_as_it_is)
{
	check_text("\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\x9d", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\x9d");
	check_text("\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf");
}
END_TEST

START_TEST(bytes_that_are_no_utf8_are_escaped)
{
	check_text("\xff\xfe", "\\xff\\xfe");
	check_text("\x80", "\\x80");
	check_text("\xc3(", "\\xc3(");
	check_text("\xe2\x82", "\\xe2\\x82");
	ck_assert_str_eq(text("\xe2\x82\xac", 2), "\\xe2\\x82"); /* what follows is not ours */
	check_text("\xed\xa0\x80", "\\xed\\xa0\\x80");	       /* a surrogate */
	check_text("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"); /* beyond U+10FFFF */
}
END_TEST

START_TEST(overlong_forms_are_escaped)
{
	check_text("\xc0\x9b", "\\xc0\\x9b");
	check_text("\xc1\xbf", "\\xc1\\xbf");
	check_text("\xe0\x80\x9b", "\\xe0\\x80\\x9b");
	check_text("\xf0\x80\x80\x9b", "\\xf0\\x80\\x80\\x9b");
}
END_TEST

START_TEST(a_cut_never_splits_an_escape_or_a_sequence)
{
	static const char data[] = "a\x1b\xe2\x82\xac";
	static const char *const by_size[] = { "", "", "a", "a", "a", "a", "a\\x1b", "a\\x1b", "a\\x1b",
					       "a\\x1b\xe2\x82\xac" };

	for (size_t size = 1; size < sizeof(by_size) / sizeof(*by_size); size++) {
		memset(out, '#', sizeof(out));
		ck_assert_ptr_eq(emf_text(out, size, data, sizeof(data) - 1), out);
		ck_assert_str_eq(out, by_size[size]);
		ck_assert_int_eq(out[size], '#');
	}
}
END_TEST

/* --- emf_clock() */

START_TEST(a_time_stamp_becomes_the_time_of_day)
{
	struct timespec wall;
	int h, m, s, ms, n = 0;
	int64_t shown, now;

	setenv("TZ", "UTC", 1);
	tzset();
	ck_assert_ptr_eq(emf_clock(out, emf_now_ns()), out);
	clock_gettime(CLOCK_REALTIME, &wall);
	ck_assert_uint_eq(strlen(out), 12);
	ck_assert_int_eq(sscanf(out, "%2d:%2d:%2d.%3d%n", &h, &m, &s, &ms, &n), 4);
	ck_assert_int_eq(n, 12);
	shown = ((h * 60 + m) * 60 + s) * 1000l + ms;
	now = (wall.tv_sec % 86400) * 1000 + wall.tv_nsec / 1000000;
	/* The test may be stopped between the two, and midnight may pass. */
	ck_assert_int_lt((now - shown + 86400000) % 86400000, 60000);
}
END_TEST

START_TEST(an_older_time_stamp_is_an_earlier_time)
{
	char earlier[16];
	uint64_t now = emf_now_ns();

	emf_clock(out, now);
	emf_clock(earlier, now - 1500000000ull);
	ck_assert_str_ne(out, earlier);
}
END_TEST

/* --- tables */

static struct unit_capture capture;

START_TEST(columns_are_as_wide_as_their_widest_cell)
{
	struct emf_table table;

	unit_capture_begin(&capture, stdout);
	emf_table_init(&table, 3);
	emf_table_row(&table, "MODULE", "STATE", "WHY", NULL);
	emf_table_row(&table, "a", "running", "", NULL);
	emf_table_cell(&table, "longest_name");
	emf_table_cell(&table, "%d", 7);
	emf_table_cell(&table, "because");
	ck_assert_int_eq(emf_table_print(&table, stdout), 0);
	ck_assert_str_eq(unit_capture_end(&capture), "MODULE        STATE    WHY\n"
						     "a             running  \n"
						     "longest_name  7        because\n");
	ck_assert_ptr_null(table.cells);
}
END_TEST

START_TEST(columns_are_as_wide_as_their_characters_not_their_bytes)
{
	struct emf_table table;

	unit_capture_begin(&capture, stdout);
	emf_table_init(&table, 2);
	emf_table_row(&table, "caf\xc3\xa9 \xe2\x82\xac", "a", "plain", "b", "\xff", "c", NULL);
	ck_assert_int_eq(emf_table_print(&table, stdout), 0);
	ck_assert_str_eq(unit_capture_end(&capture), "caf\xc3\xa9 \xe2\x82\xac  a\nplain   b\n\xff       c\n");
}
END_TEST

START_TEST(a_table_grows_with_its_rows)
{
	struct emf_table table;
	const char *at;
	int lines = 0;

	unit_capture_begin(&capture, stdout);
	emf_table_init(&table, 1);
	for (int i = 0; i < 200; i++)
		emf_table_cell(&table, "%d", i);
	ck_assert_int_eq(emf_table_print(&table, stdout), 0);
	for (at = unit_capture_end(&capture); (at = strchr(at, '\n')); at++)
		lines++;
	ck_assert_int_eq(lines, 200);
	unit_contains(capture.text, "\n199\n");
}
END_TEST

START_TEST(an_empty_table_prints_nothing)
{
	struct emf_table table;

	unit_capture_begin(&capture, stdout);
	emf_table_init(&table, 2);
	ck_assert_int_eq(emf_table_print(&table, stdout), 0);
	ck_assert_str_eq(unit_capture_end(&capture), "");
}
END_TEST

/* --- histograms */

static const char *histogram(const __u64 *slots, size_t n, bool serving)
{
	struct emf emf = { .serving = serving };
	struct emf_unit unit = { .emf = &emf };
	struct module m = { .name = "m", .unit = &unit };

	unit_capture_begin(&capture, stdout);
	emf_print_log2(&m, "usecs", slots, n);
	return unit_capture_end(&capture);
}

START_TEST(a_histogram_shows_ranges_counts_and_bars_from_the_first_used_slot_to_the_last)
{
	static const __u64 slots[8] = { 0, 1, 0, 4, 2 };

	ck_assert_str_eq(histogram(slots, 8, false),
		"                    usecs : count      distribution\n"
		"          2 -> 3          : 1         |**********                              |\n"
		"          4 -> 7          : 0         |                                        |\n"
		"          8 -> 15         : 4         |****************************************|\n"
		"         16 -> 31         : 2         |********************                    |\n");
}
END_TEST

START_TEST(an_empty_histogram_is_a_heading)
{
	static const __u64 slots[4];

	ck_assert_str_eq(histogram(slots, 4, false), "                    usecs : count      distribution\n");
}
END_TEST

START_TEST(the_last_slot_and_the_largest_count_fit)
{
	__u64 slots[64] = { 0 };

	slots[62] = UINT64_MAX / 2;
	slots[63] = UINT64_MAX;
	histogram(slots, 64, false);
	unit_contains(capture.text, "9223372036854775808 -> 18446744073709551615 : 18446744073709551615"
				    "|****************************************|\n");
	unit_contains(capture.text, "4611686018427387904 -> 9223372036854775807 : 9223372036854775807"
				    "|********************                    |\n");
}
END_TEST

START_TEST(a_service_prints_nothing)
{
	static const __u64 slots[2] = { 1, 1 };

	ck_assert_str_eq(histogram(slots, 2, true), "");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("text");
	TCase *safe = tcase_create("text"), *clocks = tcase_create("clock");
	TCase *tables = tcase_create("table"), *bars = tcase_create("histogram");

	tcase_add_test(safe, plain_text_stays_as_it_is);
	tcase_add_test(safe, control_bytes_and_backslashes_are_escaped);
	tcase_add_test(safe, c1_controls_are_escaped_in_both_forms);
	tcase_add_test(safe, valid_utf8_stays_as_it_is);
	tcase_add_test(safe, bytes_that_are_no_utf8_are_escaped);
	tcase_add_test(safe, overlong_forms_are_escaped);
	tcase_add_test(safe, a_cut_never_splits_an_escape_or_a_sequence);
	suite_add_tcase(s, safe);
	tcase_add_test(clocks, a_time_stamp_becomes_the_time_of_day);
	tcase_add_test(clocks, an_older_time_stamp_is_an_earlier_time);
	suite_add_tcase(s, clocks);
	tcase_add_test(tables, columns_are_as_wide_as_their_widest_cell);
	tcase_add_test(tables, columns_are_as_wide_as_their_characters_not_their_bytes);
	tcase_add_test(tables, a_table_grows_with_its_rows);
	tcase_add_test(tables, an_empty_table_prints_nothing);
	suite_add_tcase(s, tables);
	tcase_add_test(bars, a_histogram_shows_ranges_counts_and_bars_from_the_first_used_slot_to_the_last);
	tcase_add_test(bars, an_empty_histogram_is_a_heading);
	tcase_add_test(bars, the_last_slot_and_the_largest_count_fit);
	tcase_add_test(bars, a_service_prints_nothing);
	suite_add_tcase(s, bars);
	return s;
}

int main(void)
{
	return unit_main(suite());
}
