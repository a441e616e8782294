// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * test_bus_match.c - without these, two minor versions of a service could take one
 * member for another, or a break for the same.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bus_match.h"
#include "unit.h"

/* A leaf is a hash of all before it; enum values of a type are in the hash of its leaf. */
static const uint64_t two[] = { 1, 2 }, three[] = { 1, 2, 3 }, other[] = { 1, 99 };

#define MESSAGE(leaves) { NULL, leaves, sizeof(leaves) / sizeof(*leaves) }
#define NOTHING { NULL, NULL, 0 }

static const struct ebus_member ours_methods[] = {
	{ .name = "get", .in = MESSAGE(two), .out = MESSAGE(two) },
	{ .name = "set", .in = MESSAGE(two), .out = NOTHING },
};
static const struct ebus_member ours_signals[] = { { .name = "changed", .in = MESSAGE(two) } };
static const struct ebus_member ours_errors[] = { { .name = "full", .in = MESSAGE(two) }, { .name = "empty", .in = NOTHING } };
static struct ebus_service ours = { .name = "box", .version = "1.3", .methods = ours_methods, .n_methods = 2,
				    .signals = ours_signals, .n_signals = 1, .errors = ours_errors, .n_errors = 2 };
static struct ebus_map map;

/* What becomes of it when these bind to ours. */
static int bind(const struct ebus_service *theirs)
{
	size_t size = ebus_bind_size(theirs);
	char *bytes = malloc(size);
	int err;

	ebus_bind_write(theirs, bytes);
	memset(&map, 0xa5, sizeof(map));
	map.service = &ours;
	err = ebus_map_make(&map, bytes, size);
	free(bytes);
	return err;
}

static void check_method(const struct ebus_member *method, enum ebus_match match, uint16_t index)
{
	const struct ebus_service theirs = { .name = "box", .version = "1.0", .methods = method, .n_methods = 1 };

	ck_assert_int_eq(bind(&theirs), 0);
	ck_assert_uint_eq(map.n_methods, 1);
	ck_assert_int_eq(map.matches[0], match);
	ck_assert_uint_eq(map.methods[0], index);
}

START_TEST(the_same_service_is_equal_in_all)
{
	ck_assert_int_eq(bind(&ours), 0);
	for (uint16_t i = 0; i < 2; i++) {
		ck_assert_uint_eq(map.methods[i], i);
		ck_assert_uint_eq(map.errors[i], i);
	}
	ck_assert_uint_eq(map.signals[0], 0);
	for (size_t i = 0; i < 3; i++)
		ck_assert_int_eq(map.matches[i], EBUS_EQUAL);
}
END_TEST

START_TEST(appended_arguments_and_results_of_either_side_leave_a_common_part)
{
	const struct ebus_member more_in = { .name = "get", .in = MESSAGE(three), .out = MESSAGE(two) };
	const struct ebus_member more_out = { .name = "get", .in = MESSAGE(two), .out = MESSAGE(three) };
	const struct ebus_member less_in = { .name = "get", .in = { NULL, two, 1 }, .out = MESSAGE(two) };
	const struct ebus_member less_out = { .name = "set", .in = MESSAGE(two), .out = MESSAGE(two) };
	const struct ebus_member none = { .name = "get", .in = NOTHING, .out = NOTHING };

	check_method(&more_in, EBUS_PARTIAL, 0);
	check_method(&more_out, EBUS_PARTIAL, 0);
	check_method(&less_in, EBUS_PARTIAL, 0);
	check_method(&less_out, EBUS_PARTIAL, 1);
	check_method(&none, EBUS_PARTIAL, 0);
}
END_TEST

START_TEST(a_method_that_one_side_lacks_is_absent_and_others_keep_their_numbers)
{
	const struct ebus_member methods[] = { { .name = "news" }, { .name = "set", .in = MESSAGE(two) } };
	const struct ebus_service theirs = { .name = "box", .version = "1.9", .methods = methods, .n_methods = 2 };

	ck_assert_int_eq(bind(&theirs), 0);
	ck_assert_int_eq(map.matches[0], EBUS_ABSENT);
	ck_assert_uint_eq(map.methods[0], EBUS_NONE);
	ck_assert_int_eq(map.matches[1], EBUS_EQUAL);
	ck_assert_uint_eq(map.methods[1], 1);
	ck_assert_uint_eq(map.errors[0], EBUS_NONE);
}
END_TEST

START_TEST(errors_and_signals_of_another_order_are_found_by_name)
{
	const struct ebus_member errors[] = { { .name = "empty" }, { .name = "late" }, { .name = "full", .in = MESSAGE(three) } };
	const struct ebus_member signals[] = { { .name = "first" }, { .name = "changed", .in = MESSAGE(three) } };
	const struct ebus_service theirs = { .name = "box", .version = "1.9", .signals = signals, .n_signals = 2,
					     .errors = errors, .n_errors = 3 };

	ck_assert_int_eq(bind(&theirs), 0);
	ck_assert_uint_eq(map.errors[0], 2);
	ck_assert_uint_eq(map.errors[1], 0);
	ck_assert_uint_eq(map.signals[0], EBUS_NONE);
	ck_assert_int_eq(map.matches[0], EBUS_ABSENT);
	ck_assert_uint_eq(map.signals[1], 0);
	ck_assert_int_eq(map.matches[1], EBUS_PARTIAL);
}
END_TEST

START_TEST(a_leaf_that_differs_breaks_its_member_and_no_other)
{
	const struct ebus_member methods[] = { { .name = "get", .in = MESSAGE(two), .out = MESSAGE(other) },
					       { .name = "set", .in = MESSAGE(two) } };
	const struct ebus_member errors[] = { { .name = "full", .in = MESSAGE(other) } };
	const struct ebus_service theirs = { .name = "box", .version = "1.3", .methods = methods, .n_methods = 2,
					     .errors = errors, .n_errors = 1 };

	ck_assert_int_eq(bind(&theirs), 0);
	ck_assert_int_eq(map.matches[0], EBUS_BROKEN);
	ck_assert_uint_eq(map.methods[0], EBUS_NONE);
	ck_assert_int_eq(map.matches[1], EBUS_EQUAL);
	ck_assert_uint_eq(map.errors[0], EBUS_NONE); /* it is sent without what it carries */
}
END_TEST

START_TEST(another_major_version_is_a_break_of_all)
{
	struct ebus_service theirs = ours;

	theirs.version = "2.3";
	ck_assert_int_eq(bind(&theirs), -EPROTO);
	theirs.version = "10.3";
	ck_assert_int_eq(bind(&theirs), -EPROTO);
	theirs.version = "";
	ck_assert_int_eq(bind(&theirs), -EPROTO);
	theirs.version = "1.65535";
	ck_assert_int_eq(bind(&theirs), 0);
}
END_TEST

START_TEST(a_description_that_is_cut_anywhere_or_goes_on_makes_no_sense)
{
	size_t size = ebus_bind_size(&ours);
	char *bytes = calloc(1, size + 8);

	ebus_bind_write(&ours, bytes);
	map.service = &ours;
	for (size_t n = 0; n <= size + 8; n++) {
		char *exact = malloc(n ? n : 1); /* of its size, for who watches the bytes behind it */

		memcpy(exact, bytes, n);
		ck_assert_int_eq(ebus_map_make(&map, exact, n), n == size ? 0 : -EBADMSG);
		free(exact);
	}
	free(bytes);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("bus_match");
	TCase *c = tcase_create("match");

	tcase_add_test(c, the_same_service_is_equal_in_all);
	tcase_add_test(c, appended_arguments_and_results_of_either_side_leave_a_common_part);
	tcase_add_test(c, a_method_that_one_side_lacks_is_absent_and_others_keep_their_numbers);
	tcase_add_test(c, errors_and_signals_of_another_order_are_found_by_name);
	tcase_add_test(c, a_leaf_that_differs_breaks_its_member_and_no_other);
	tcase_add_test(c, another_major_version_is_a_break_of_all);
	tcase_add_test(c, a_description_that_is_cut_anywhere_or_goes_on_makes_no_sense);
	suite_add_tcase(s, c);
	return s;
}

int main(void)
{
	return unit_main(suite());
}
