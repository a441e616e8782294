// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * test_series.c - without these, two series of a metric could be one, a metric grow without
 * end, or a value be counted in a bucket of others.
 */
#include <errno.h>
#include <string.h>

#include "hist.h"
#include "metric.h"
#include "series.h"
#include "unit.h"

static struct emf_series series;

static uint64_t *of(uint32_t key)
{
	return emf_series_of(&series, &key);
}

START_TEST(each_key_has_numbers_of_its_own)
{
	ck_assert_int_eq(emf_series_init(&series, sizeof(uint32_t), 2, 100), 0);
	for (uint32_t round = 0; round < 2; round++)
		for (uint32_t key = 0; key < 100; key++) {
			of(key * 65537)[0] += key;
			of(key * 65537)[1]++;
		}
	ck_assert_uint_eq(series.n, 100);
	for (uint32_t key = 0; key < 100; key++) {
		ck_assert_uint_eq(of(key * 65537)[0], 2ull * key);
		ck_assert_uint_eq(of(key * 65537)[1], 2);
	}
	ck_assert(!emf_series_has_other(&series));
	emf_series_fini(&series);
}
END_TEST

START_TEST(without_a_key_there_is_one_from_the_beginning)
{
	ck_assert_int_eq(emf_series_init(&series, 0, 1, 100), 0);
	ck_assert_uint_eq(series.n, 1);
	*emf_series_of(&series, NULL) += 7;
	emf_series_begin(&series);
	*emf_series_of(&series, NULL) += 5;
	emf_series_end(&series);
	ck_assert_uint_eq(series.n, 1);
	ck_assert_uint_eq(*emf_series_of(&series, NULL), 5);
	emf_series_fini(&series);
}
END_TEST

START_TEST(what_is_beyond_the_most_is_one_and_is_counted)
{
	ck_assert_int_eq(emf_series_init(&series, sizeof(uint32_t), 1, 2), 0);
	for (uint32_t key = 0; key < 5; key++)
		*of(key) += 1;
	*of(1) += 10;
	ck_assert_uint_eq(series.n, 2);
	ck_assert_uint_eq(*of(1), 11);
	ck_assert_uint_eq(*emf_series_values(&series, series.max), 3);
	ck_assert_uint_eq(series.overflow, 3);
	ck_assert(emf_series_has_other(&series));
	emf_series_fini(&series);
}
END_TEST

START_TEST(who_has_a_series_keeps_it_and_who_goes_makes_room)
{
	ck_assert_int_eq(emf_series_init(&series, sizeof(uint32_t), 1, 3), 0);
	for (uint32_t key = 1; key <= 4; key++)
		*of(key) = key;
	/* The other way round: 4 was beyond the most, and still is; 2 is gone. */
	emf_series_begin(&series);
	for (uint32_t key = 4; key; key--)
		if (key != 2)
			*of(key) += 10 * key;
	emf_series_end(&series);
	ck_assert_uint_eq(series.n, 2);
	ck_assert_uint_eq(*of(1), 10);
	ck_assert_uint_eq(*of(3), 30);
	ck_assert_uint_eq(*emf_series_values(&series, series.max), 40);
	emf_series_begin(&series);
	*of(4) += 4;
	emf_series_end(&series);
	ck_assert_uint_eq(series.n, 1);
	ck_assert_uint_eq(*of(4), 4);
	ck_assert(!emf_series_has_other(&series));
	emf_series_fini(&series);
}
END_TEST

/* --- which slot counts a value, and what a slot says that it counts */

static const uint64_t bounds[] = { 1, 10, 100 };
static const struct emf_scale scales[] = {
	{ .kind = EMF_LOG2, .n = 64 },
	{ .kind = EMF_LOG2, .n = 5 },
	{ .kind = EMF_LINEAR, .n = 11, .first = 0, .step = 10 },
	{ .kind = EMF_LINEAR, .n = 4, .first = 100, .step = 7 },
	{ .kind = EMF_BOUNDS, .n = 4, .bounds = bounds },
};

START_TEST(a_value_is_in_the_slot_that_says_so)
{
	static const uint64_t values[] = { 0, 1, 2, 3, 9, 10, 11, 31, 32, 99, 100, 101, 106, 107, 120, 121, 1u << 31, UINT64_MAX / 2 + 1, UINT64_MAX };

	for (size_t s = 0; s < sizeof(scales) / sizeof(*scales); s++)
		for (size_t v = 0; v < sizeof(values) / sizeof(*values); v++) {
			uint32_t slot = emf_scale_slot(&scales[s], values[v]);

			ck_assert_uint_lt(slot, scales[s].n);
			ck_assert_uint_le(emf_scale_from(&scales[s], slot), values[v]);
			ck_assert_uint_ge(emf_scale_to(&scales[s], slot), values[v]);
		}
}
END_TEST

START_TEST(slots_leave_no_gap_and_the_last_one_has_no_end)
{
	for (size_t s = 0; s < sizeof(scales) / sizeof(*scales); s++) {
		ck_assert_uint_eq(emf_scale_from(&scales[s], 0), 0);
		for (uint32_t slot = 1; slot < scales[s].n; slot++)
			ck_assert_uint_eq(emf_scale_from(&scales[s], slot), emf_scale_to(&scales[s], slot - 1) + 1);
		ck_assert_uint_eq(emf_scale_to(&scales[s], scales[s].n - 1), UINT64_MAX);
	}
}
END_TEST

/* --- numbers */

static const char *number(uint64_t v, uint64_t unit)
{
	static char text[64];
	FILE *out = fmemopen(text, sizeof(text), "w");

	ck_assert_ptr_nonnull(out);
	emf_metric_print_number(v, unit, out);
	fclose(out);
	return text;
}

START_TEST(a_number_of_units_is_exact)
{
	ck_assert_str_eq(number(0, 0), "0");
	ck_assert_str_eq(number(UINT64_MAX, 1), "18446744073709551615");
	ck_assert_str_eq(number(1023, 1000000), "0.001023");
	ck_assert_str_eq(number(1500000000, 1000000000), "1.5");
	ck_assert_str_eq(number(2000000000, 1000000000), "2");
	ck_assert_str_eq(number(1, 1000000000), "0.000000001");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("series");
	TCase *c = tcase_create("series"), *h = tcase_create("scales");

	tcase_add_test(c, each_key_has_numbers_of_its_own);
	tcase_add_test(c, without_a_key_there_is_one_from_the_beginning);
	tcase_add_test(c, what_is_beyond_the_most_is_one_and_is_counted);
	tcase_add_test(c, who_has_a_series_keeps_it_and_who_goes_makes_room);
	suite_add_tcase(s, c);
	tcase_add_test(h, a_value_is_in_the_slot_that_says_so);
	tcase_add_test(h, slots_leave_no_gap_and_the_last_one_has_no_end);
	tcase_add_test(h, a_number_of_units_is_exact);
	suite_add_tcase(s, h);
	return s;
}

int main(void)
{
	return unit_main(suite());
}
