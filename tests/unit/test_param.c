// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * test_param.c - without these, a wrong value could be taken for a right one,
 * wrap around its type, or be refused for a reason that nobody understands.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "param.h"
#include "unit.h"

static char why[EMF_PARAM_WHY_MAX];

/* Enough for every type; filled with a pattern, to see what is written. */
static union {
	bool flag;
	uint32_t u32;
	uint64_t u64;
	int64_t s64;
	char text[16];
} value;

static int parse(const struct emf_param *param, const char *text)
{
	memset(&value, 0x5a, sizeof(value));
	why[0] = '\0';
	return emf_param_parse(param, text, &value, why);
}

static void check_refused(const struct emf_param *param, const char *text, int err, const char *reason)
{
	ck_assert_msg(parse(param, text) == err, "'%s' is not refused with %d", text, err);
	ck_assert_str_eq(why, reason);
	ck_assert_uint_eq(value.u64, 0x5a5a5a5a5a5a5a5aull); /* untouched */
}

static const struct emf_param a_bool = { .name = "b", .type = EMF_BOOL };
static const struct emf_param a_u32 = { .name = "u", .type = EMF_U32 };
static const struct emf_param a_u64 = { .name = "u", .type = EMF_U64 };
static const struct emf_param a_s64 = { .name = "s", .type = EMF_S64 };
static const struct emf_param a_duration = { .name = "d", .type = EMF_DURATION };
static const struct emf_param a_string = { .name = "t", .type = EMF_STRING, .size = 8 };

START_TEST(a_bool_has_four_words_for_each_value)
{
	static const char *const words[] = { "true", "yes", "on", "1", "false", "no", "off", "0" };

	for (int i = 0; i < 8; i++) {
		ck_assert_int_eq(parse(&a_bool, words[i]), 0);
		ck_assert_int_eq(value.flag, i < 4);
	}
	check_refused(&a_bool, "maybe", -EINVAL, "\"maybe\" is not yes or no");
	check_refused(&a_bool, "", -EINVAL, "\"\" is not yes or no");
	check_refused(&a_bool, "YES", -EINVAL, "\"YES\" is not yes or no");
}
END_TEST

START_TEST(an_unsigned_number_ends_where_its_type_does)
{
	ck_assert_int_eq(parse(&a_u32, "4294967295"), 0);
	ck_assert_uint_eq(value.u32, UINT32_MAX);
	check_refused(&a_u32, "4294967296", -ERANGE, "4294967296 is out of range (0 to 4294967295)");
	ck_assert_int_eq(parse(&a_u64, "18446744073709551615"), 0);
	ck_assert_uint_eq(value.u64, UINT64_MAX);
	check_refused(&a_u64, "18446744073709551616", -ERANGE, "18446744073709551616 is out of range (0 to 18446744073709551615)");
	check_refused(&a_u64, "-1", -ERANGE, "-1 is out of range (0 to 18446744073709551615)");
}
END_TEST

START_TEST(a_32_bit_value_leaves_its_neighbour_alone)
{
	ck_assert_int_eq(parse(&a_u32, "0"), 0);
	ck_assert_uint_eq(value.u64 >> 32, 0x5a5a5a5a);
}
END_TEST

START_TEST(a_signed_number_ends_where_its_type_does)
{
	ck_assert_int_eq(parse(&a_s64, "-9223372036854775808"), 0);
	ck_assert(value.s64 == INT64_MIN);
	ck_assert_int_eq(parse(&a_s64, "9223372036854775807"), 0);
	ck_assert(value.s64 == INT64_MAX);
	check_refused(&a_s64, "9223372036854775808", -ERANGE, "9223372036854775808 is out of range (-9223372036854775808 to 9223372036854775807)");
	check_refused(&a_s64, "-9223372036854775809", -ERANGE, "-9223372036854775809 is out of range (-9223372036854775808 to 9223372036854775807)");
}
END_TEST

static const char *const no_numbers[] = { "", " 1", "1 ", "+1", "1x", "0x", "x", "1.5", "1e3", "-", "--1" };

START_TEST(what_is_no_number_is_refused)
{
	char unsigned_why[EMF_PARAM_WHY_MAX], signed_why[EMF_PARAM_WHY_MAX];

	snprintf(unsigned_why, sizeof(unsigned_why), "\"%s\" is not a number, not negative", no_numbers[_i]);
	snprintf(signed_why, sizeof(signed_why), "\"%s\" is not a number", no_numbers[_i]);
	check_refused(&a_u32, no_numbers[_i], -EINVAL, unsigned_why);
	check_refused(&a_u64, no_numbers[_i], -EINVAL, unsigned_why);
	check_refused(&a_s64, no_numbers[_i], -EINVAL, signed_why);
}
END_TEST

START_TEST(numbers_are_decimal_or_hexadecimal_never_octal)
{
	ck_assert_int_eq(parse(&a_u64, "0x1F"), 0);
	ck_assert_uint_eq(value.u64, 31);
	ck_assert_int_eq(parse(&a_s64, "-0x10"), 0);
	ck_assert_int_eq(value.s64, -16);
	ck_assert_int_eq(parse(&a_u64, "010"), 0);
	ck_assert_uint_eq(value.u64, 10);
	ck_assert_int_eq(parse(&a_u64, "08"), 0);
	ck_assert_uint_eq(value.u64, 8);
}
END_TEST

START_TEST(bounds_are_kept_and_named)
{
	const struct emf_param u = { .name = "u", .type = EMF_U32, .min = 1, .max = 100 };
	const struct emf_param s = { .name = "s", .type = EMF_S64, .min = -5, .max = 5 };
	const struct emf_param d = { .name = "d", .type = EMF_DURATION, .min = 1000000, .max = 60000000000 };

	ck_assert_int_eq(parse(&u, "1"), 0);
	ck_assert_int_eq(parse(&u, "100"), 0);
	check_refused(&u, "0", -ERANGE, "0 is out of range (1 to 100)");
	check_refused(&u, "101", -ERANGE, "101 is out of range (1 to 100)");
	check_refused(&u, "-1", -ERANGE, "-1 is out of range (1 to 100)");
	ck_assert_int_eq(parse(&s, "-5"), 0);
	check_refused(&s, "-6", -ERANGE, "-6 is out of range (-5 to 5)");
	check_refused(&s, "6", -ERANGE, "6 is out of range (-5 to 5)");
	ck_assert_int_eq(parse(&d, "1ms"), 0);
	check_refused(&d, "999us", -ERANGE, "999us is out of range (1ms to 1m)");
	check_refused(&d, "61s", -ERANGE, "61s is out of range (1ms to 1m)");
}
END_TEST

START_TEST(bounds_that_are_both_zero_are_bounds_when_it_is_said)
{
	const struct emf_param said = { .name = "u", .type = EMF_U32, .flags = EMF_PARAM_RANGE };

	ck_assert_int_eq(parse(&said, "0"), 0);
	check_refused(&said, "1", -ERANGE, "1 is out of range (0 to 0)");
	ck_assert_int_eq(parse(&a_u32, "1"), 0);
}
END_TEST

START_TEST(a_duration_has_a_unit)
{
	static const struct {
		const char *text;
		uint64_t ns;
	} good[] = {
		{ "7ns", 7 },		   { "7us", 7000 },		{ "500ms", 500000000 },
		{ "5s", 5000000000 },	   { "2m", 120000000000 },	{ "1h", 3600000000000 },
		{ "0", 0 },		   { "0s", 0 },			{ "010s", 10000000000 },
		{ "18446744073709551615ns", UINT64_MAX },
	};
	static const char *const bad[] = { "", "5", "s", "5 s", "-5s", "1.5s", "5S", "5sec", "5s5", "0x5s" };

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		ck_assert_int_eq(parse(&a_duration, good[i].text), 0);
		ck_assert_uint_eq(value.u64, good[i].ns);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		char reason[EMF_PARAM_WHY_MAX];

		snprintf(reason, sizeof(reason), "\"%s\" is not a whole number with its unit, such as 500ms or 5s", bad[i]);
		check_refused(&a_duration, bad[i], -EINVAL, reason);
	}
}
END_TEST

START_TEST(a_duration_that_overflows_is_out_of_range)
{
	check_refused(&a_duration, "18446744073709551616ns", -ERANGE, "18446744073709551616ns is out of range");
	check_refused(&a_duration, "18446744073709551615s", -ERANGE, "18446744073709551615s is out of range");
	check_refused(&a_duration, "5124096h", -ERANGE, "5124096h is out of range");
}
END_TEST

START_TEST(a_text_keeps_room_for_its_end)
{
	ck_assert_int_eq(parse(&a_string, "seven77"), 0);
	ck_assert_str_eq(value.text, "seven77");
	ck_assert_int_eq(value.text[8], 0x5a);
	ck_assert_int_eq(parse(&a_string, ""), 0);
	ck_assert_str_eq(value.text, "");
	check_refused(&a_string, "eight888", -ERANGE, "the text is longer than 7 bytes");
}
END_TEST

START_TEST(what_is_printed_can_be_read_back)
{
	static const struct {
		const struct emf_param *param;
		const char *text;
	} trips[] = {
		{ &a_bool, "true" },	   { &a_bool, "false" },   { &a_u32, "4294967295" },
		{ &a_u64, "18446744073709551615" }, { &a_s64, "-9223372036854775808" },
		{ &a_duration, "0" },	   { &a_duration, "1ns" }, { &a_duration, "1500ms" },
		{ &a_duration, "90s" },	   { &a_duration, "2m" },  { &a_duration, "25h" },
		{ &a_string, "a b" },	   { &a_string, "" },
	};
	char text[EMF_PARAM_TEXT_MAX];

	for (size_t i = 0; i < sizeof(trips) / sizeof(*trips); i++) {
		ck_assert_int_eq(parse(trips[i].param, trips[i].text), 0);
		ck_assert_str_eq(emf_param_format(trips[i].param, &value, text), trips[i].text);
	}
	ck_assert_int_eq(parse(&a_duration, "3600s"), 0);
	ck_assert_str_eq(emf_param_format(&a_duration, &value, text), "1h");
}
END_TEST

/* --- the parameters of a module */

static uint32_t number = 1;
static char name[8] = "x";
static const struct emf_param params[] = {
	{ .name = "max-rows", .type = EMF_U32, .value = &number, .min = 1, .max = 9 },
	{ .name = "name", .type = EMF_STRING, .value = name, .size = sizeof(name) },
	{ 0 },
};
static const struct module module = { .name = "m", .params = params };
static struct emf_param_set set;

static void setup(void)
{
	ck_assert_int_eq(emf_param_set_init(&set, &module), 0);
}

static void teardown(void)
{
	emf_param_set_fini(&set);
}

static int assign(const char *text, enum emf_param_origin origin)
{
	return emf_param_assign(&set, 0, text, origin, why);
}

START_TEST(dash_and_underscore_are_the_same_letter_of_a_name)
{
	ck_assert_uint_eq(set.n, 2);
	ck_assert_int_eq(emf_param_index(&set, "max-rows"), 0);
	ck_assert_int_eq(emf_param_index(&set, "max_rows"), 0);
	ck_assert_int_eq(emf_param_index(&set, "name"), 1);
	ck_assert_int_eq(emf_param_index(&set, "max"), -ENOENT);
	ck_assert_int_eq(emf_param_index(&set, "max-rows-"), -ENOENT);
	ck_assert_int_eq(emf_param_index(&set, ""), -ENOENT);
}
END_TEST

START_TEST(a_higher_origin_wins_in_either_order)
{
	ck_assert_int_eq(assign("2", EMF_PARAM_PRODUCT), 0);
	ck_assert_uint_eq(number, 2);
	ck_assert_int_eq(assign("3", EMF_PARAM_COMMAND_LINE), 0);
	ck_assert_uint_eq(number, 3);
	ck_assert_int_eq(assign("4", EMF_PARAM_FILE), 0);
	ck_assert_uint_eq(number, 3);
	ck_assert_int_eq(set.states[0].origin, EMF_PARAM_COMMAND_LINE);
}
END_TEST

START_TEST(a_later_value_of_one_origin_wins)
{
	ck_assert_int_eq(assign("2", EMF_PARAM_FILE), 0);
	ck_assert_int_eq(assign("5", EMF_PARAM_FILE), 0);
	ck_assert_uint_eq(number, 5);
}
END_TEST

START_TEST(a_wrong_value_is_refused_even_if_it_would_not_count)
{
	ck_assert_int_eq(assign("3", EMF_PARAM_COMMAND_LINE), 0);
	ck_assert_int_eq(assign("10", EMF_PARAM_FILE), -ERANGE);
	ck_assert_str_eq(why, "10 is out of range (1 to 9)");
	ck_assert_uint_eq(number, 3);
}
END_TEST

START_TEST(the_default_is_kept)
{
	ck_assert_int_eq(assign("3", EMF_PARAM_FILE), 0);
	ck_assert_uint_eq(*(uint32_t *)set.states[0].initial, 1);
	ck_assert_str_eq(set.states[1].initial, "x");
}
END_TEST

START_TEST(a_module_without_parameters_has_an_empty_set)
{
	struct module plain = { .name = "plain" };
	struct emf_param_set empty;

	ck_assert_int_eq(emf_param_set_init(&empty, &plain), 0);
	ck_assert_uint_eq(empty.n, 0);
	ck_assert_int_eq(emf_param_index(&empty, "x"), -ENOENT);
	emf_param_set_fini(&empty);
}
END_TEST

static char huge[5000];
static const struct emf_name names[] = { { "A", 1 }, { NULL, 0 } };
static const struct {
	struct emf_param param;
	const char *reason;
} wrong[] = {
	{ { .name = "p", .type = EMF_STRING, .value = huge, .size = sizeof(huge) }, "its size is to be 1 to 4096" },
	{ { .name = "p", .type = EMF_STRING, .value = huge }, "its size is to be 1 to 4096" },
	{ { .name = "p", .type = EMF_STRING, .value = (char[]){ 'a', 'b' }, .size = 2 }, "its default has no end" },
	{ { .name = "p", .type = EMF_U32 }, "it has no value" },
	{ { .name = "P", .type = EMF_U32, .value = &number }, "its name may have" },
	{ { .name = "a b", .type = EMF_U32, .value = &number }, "its name may have" },
	{ { .name = "a=b", .type = EMF_U32, .value = &number }, "its name may have" },
	{ { .name = "", .type = EMF_U32, .value = &number }, "its name may have" },
	{ { .name = "p", .type = (enum emf_type)77, .value = &number }, "its type is none that a parameter can have" },
	{ { .name = "p", .type = EMF_ENUM, .value = &number, .names = names }, "its size is to be 1, 2, 4 or 8" },
	{ { .name = "p", .type = EMF_FLAGS, .value = huge, .size = 16, .names = names }, "its size is to be 1, 2, 4 or 8" },
	{ { .name = "p", .type = EMF_ENUM, .value = huge, .size = 3, .names = names }, "its size is to be 1, 2, 4 or 8" },
	{ { .name = "p", .type = EMF_U32, .value = &number, .min = 5 }, "its min is greater than its max" },
	{ { .name = "p", .type = EMF_S64, .value = huge, .min = 5, .max = -5 }, "its min is greater than its max" },
};

START_TEST(a_parameter_that_is_declared_wrongly_is_refused_by_name)
{
	const struct emf_param declared[] = { params[0], wrong[_i].param, { 0 } };
	const struct module m = { .name = "m", .params = declared };
	static struct unit_capture capture;
	struct emf_param_set refused;
	char begin[64];

	unit_capture_begin(&capture, stderr);
	ck_assert_int_eq(emf_param_set_init(&refused, &m), -EINVAL);
	unit_capture_end(&capture);
	snprintf(begin, sizeof(begin), "module \"m\" declares parameter \"%s\" wrongly: ", wrong[_i].param.name);
	unit_contains(capture.text, begin);
	unit_contains(capture.text, wrong[_i].reason);
	ck_assert_uint_eq(refused.n, 0);
	emf_param_set_fini(&refused);
}
END_TEST

START_TEST(bounds_of_an_unsigned_parameter_are_unsigned)
{
	const struct emf_param declared[] = { { .name = "p", .type = EMF_U64, .value = huge, .min = 1, .max = -1 }, { 0 } };
	const struct module m = { .name = "m", .params = declared };
	struct emf_param_set taken;

	ck_assert_int_eq(emf_param_set_init(&taken, &m), 0);
	emf_param_set_fini(&taken);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("param");
	TCase *values = tcase_create("values"), *sets = tcase_create("sets");

	tcase_add_test(values, a_bool_has_four_words_for_each_value);
	tcase_add_test(values, an_unsigned_number_ends_where_its_type_does);
	tcase_add_test(values, a_32_bit_value_leaves_its_neighbour_alone);
	tcase_add_test(values, a_signed_number_ends_where_its_type_does);
	tcase_add_loop_test(values, what_is_no_number_is_refused, 0,
			    sizeof(no_numbers) / sizeof(*no_numbers));
	tcase_add_test(values, numbers_are_decimal_or_hexadecimal_never_octal);
	tcase_add_test(values, bounds_are_kept_and_named);
	tcase_add_test(values, bounds_that_are_both_zero_are_bounds_when_it_is_said);
	tcase_add_test(values, a_duration_has_a_unit);
	tcase_add_test(values, a_duration_that_overflows_is_out_of_range);
	tcase_add_test(values, a_text_keeps_room_for_its_end);
	tcase_add_test(values, what_is_printed_can_be_read_back);
	suite_add_tcase(s, values);
	tcase_add_checked_fixture(sets, setup, teardown);
	tcase_add_test(sets, dash_and_underscore_are_the_same_letter_of_a_name);
	tcase_add_test(sets, a_higher_origin_wins_in_either_order);
	tcase_add_test(sets, a_later_value_of_one_origin_wins);
	tcase_add_test(sets, a_wrong_value_is_refused_even_if_it_would_not_count);
	tcase_add_test(sets, the_default_is_kept);
	tcase_add_test(sets, a_module_without_parameters_has_an_empty_set);
	tcase_add_loop_test(sets, a_parameter_that_is_declared_wrongly_is_refused_by_name, 0,
			    sizeof(wrong) / sizeof(*wrong));
	tcase_add_test(sets, bounds_of_an_unsigned_parameter_are_unsigned);
	suite_add_tcase(s, sets);
	return s;
}

int main(void)
{
	return unit_main(suite());
}
