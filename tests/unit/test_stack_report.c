// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * test_stack_report.c - without these, a few stacks that are seen again and again could push out
 * others that are seen for the first time.
 */
#include "stack_report.h"

#include <errno.h>

#include "unit.h"

static struct emf_stack_report report;

static void setup(void)
{
	report = (struct emf_stack_report){ .stacks = -1, .per = 1, .unit = "us" };
}

static void teardown(void)
{
	emf_stack_report_clear(&report);
}

/* Stacks without frames differ by their processes. */
static int add(uint32_t pid)
{
	struct emf_stack stack = { .pid = pid, .comm = "test", .user = -1, .kernel = -1, .weight = 2 };

	return emf_stack_report_add(&report, &stack);
}

START_TEST(stacks_that_come_again_take_no_room)
{
	const uint32_t n = EMF_STACKS_MAX / 4 + 3;

	for (uint32_t look = 0; look < 9; look++)
		for (uint32_t pid = 1; pid <= n; pid++)
			ck_assert_int_eq(add(pid), 0);
	emf_stack_report_sort(&report);
	ck_assert_uint_eq(report.n, n);
	ck_assert_uint_eq(report.beyond, 0);
	for (uint32_t i = 0; i < n; i++)
		ck_assert_uint_eq(report.all[i].weight, 18);
}
END_TEST

START_TEST(more_stacks_than_there_is_room_for_are_counted)
{
	for (uint32_t pid = 1; pid <= EMF_STACKS_MAX; pid++)
		ck_assert_int_eq(add(pid), 0);
	ck_assert_int_eq(add(EMF_STACKS_MAX + 1), -ENOSPC);
	ck_assert_int_eq(add(EMF_STACKS_MAX + 2), -ENOSPC);
	ck_assert_int_eq(add(7), 0);
	ck_assert_uint_eq(report.beyond, 4);
	emf_stack_report_sort(&report);
	ck_assert_uint_eq(report.n, EMF_STACKS_MAX);
	ck_assert_uint_eq(report.all[EMF_STACKS_MAX - 1].pid, 7);
	ck_assert_uint_eq(report.all[EMF_STACKS_MAX - 1].weight, 4);
}
END_TEST

START_TEST(what_was_printed_is_not_there_any_more)
{
	ck_assert_int_eq(add(1), 0);
	emf_stack_report_sort(&report);
	emf_stack_report_clear(&report);
	ck_assert_int_eq(add(2), 0);
	emf_stack_report_sort(&report);
	ck_assert_uint_eq(report.n, 1);
	ck_assert_uint_eq(report.all[0].pid, 2);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("stack_report");
	TCase *c = tcase_create("stacks");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, stacks_that_come_again_take_no_room);
	tcase_add_test(c, more_stacks_than_there_is_room_for_are_counted);
	tcase_add_test(c, what_was_printed_is_not_there_any_more);
	suite_add_tcase(s, c);
	return s;
}

int main(void)
{
	return unit_main(suite());
}
