// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * test_kernel_enum.c - without these, what one kernel sends could be told by the name that another one has for the number.
 */
#include <bpf/btf.h>
#include <emf/module.h>
#include <emf/param.h>

#include "kernel_enum.h"
#include "module.h"
#include "unit.h"

#define N 3

static struct btf *kernel;
static struct emf_name names[N + 1];
static uint8_t reason;
static struct emf_kernel_enum enums[] = { { "reason", names }, { NULL, NULL } };
static struct emf_param params[] = {
	{ .name = "reason", .type = EMF_ENUM, .size = sizeof(reason), .value = &reason, .names = names },
	{ .name = NULL },
};
static struct module module = { .name = "m", .params = params, .kernel_enums = enums };
static struct emf_unit unit;

static void setup(void)
{
	static const struct emf_name compiled[N + 1] = { { "CONSUMED", 1 }, { "NOT_SPECIFIED", 2 }, { "NO_SOCKET", 3 } };

	memcpy(names, compiled, sizeof(names));
	reason = 3;
	unit = (struct emf_unit){ .m = &module };
	kernel = btf__new_empty();
	ck_assert_int_eq(emf_param_set_init(&unit.params, &module), 0);
}

static void teardown(void)
{
	emf_param_set_fini(&unit.params);
	btf__free(kernel);
}

START_TEST(names_get_the_numbers_of_the_kernel_and_those_that_it_lacks_go)
{
	btf__add_enum(kernel, "reason", 4);
	btf__add_enum_value(kernel, "NOT_SPECIFIED", 1);
	btf__add_enum_value(kernel, "NO_SOCKET", 2);
	btf__add_enum_value(kernel, "CAME_LATER", 9);
	emf_kernel_enums_number(&unit, kernel);
	ck_assert_str_eq(names[0].name, "NOT_SPECIFIED");
	ck_assert_uint_eq(names[0].value, 1);
	ck_assert_str_eq(names[1].name, "NO_SOCKET");
	ck_assert_uint_eq(names[1].value, 2);
	ck_assert_ptr_null(names[2].name);
}
END_TEST

START_TEST(a_wide_enum_and_a_negative_number_are_read_whole)
{
	names[0].value = (uint64_t)-1;
	btf__add_enum64(kernel, "reason", 8, true);
	btf__add_enum64_value(kernel, "CONSUMED", (uint64_t)-7);
	btf__add_enum64_value(kernel, "NO_SOCKET", UINT64_C(1) << 40);
	emf_kernel_enums_number(&unit, kernel);
	ck_assert_int_eq((int64_t)names[0].value, -7);
	ck_assert_uint_eq(names[1].value, UINT64_C(1) << 40);
}
END_TEST

START_TEST(a_number_that_was_negative_is_one_where_the_kernel_does_not_say_so)
{
	names[0].value = (uint64_t)-1;
	btf__add_enum(kernel, "reason", 4);
	btf__add_enum_value(kernel, "NO_SOCKET", 5);
	btf__add_enum_value(kernel, "CONSUMED", UINT32_MAX);
	emf_kernel_enums_number(&unit, kernel);
	ck_assert_int_eq((int64_t)names[0].value, -1);
	ck_assert_uint_eq(names[1].value, 5);
}
END_TEST

START_TEST(another_enum_of_that_name_changes_nothing)
{
	btf__add_enum(kernel, "reason", 4);
	btf__add_enum_value(kernel, "OF_ANOTHER_KIND", 3);
	emf_kernel_enums_number(&unit, kernel);
	ck_assert_str_eq(names[N - 1].name, "NO_SOCKET");
	ck_assert_uint_eq(names[N - 1].value, 3);
}
END_TEST

START_TEST(a_kernel_without_it_changes_nothing)
{
	btf__add_struct(kernel, "reason", 0);
	emf_kernel_enums_number(&unit, kernel);
	ck_assert_uint_eq(names[0].value, 1);
	ck_assert_uint_eq(reason, 3);
}
END_TEST

START_TEST(a_default_keeps_its_name)
{
	btf__add_enum(kernel, "reason", 4);
	btf__add_enum_value(kernel, "NO_SOCKET", 2);
	emf_kernel_enums_number(&unit, kernel);
	ck_assert_uint_eq(reason, 2);
	ck_assert_uint_eq(*(uint8_t *)unit.params.states[0].initial, 2);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("kernel_enum");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, names_get_the_numbers_of_the_kernel_and_those_that_it_lacks_go);
	tcase_add_test(tc, a_wide_enum_and_a_negative_number_are_read_whole);
	tcase_add_test(tc, a_number_that_was_negative_is_one_where_the_kernel_does_not_say_so);
	tcase_add_test(tc, another_enum_of_that_name_changes_nothing);
	tcase_add_test(tc, a_kernel_without_it_changes_nothing);
	tcase_add_test(tc, a_default_keeps_its_name);
	suite_add_tcase(suite, tc);
	return unit_main(suite);
}
