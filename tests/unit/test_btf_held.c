// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * test_btf_held.c - without these, a map could be handed from one version of a module to the next with timers in it that call the one that went.
 */
#include "btf_same.h"
#include "unit.h"

static struct btf *btf;
static int number, timer;

static void setup(void)
{
	btf = btf__new_empty();
	number = btf__add_int(btf, "unsigned long long", 8, 0);
	timer = btf__add_struct(btf, "bpf_timer", 16);
	btf__add_field(btf, "opaque", number, 0, 0);
}

static void teardown(void)
{
	btf__free(btf);
}

/* A value with a number, and a member of this type behind it. */
static int value_of(int type)
{
	int value = btf__add_struct(btf, "value", 64);

	btf__add_field(btf, "n", number, 0, 0);
	btf__add_field(btf, "member", type, 64, 0);
	return value;
}

START_TEST(numbers_and_plain_pointers_are_the_maps_own)
{
	ck_assert_ptr_null(emf_btf_held(btf, (__u32)number));
	ck_assert_ptr_null(emf_btf_held(btf, (__u32)value_of(number)));
	ck_assert_ptr_null(emf_btf_held(btf, (__u32)value_of(btf__add_ptr(btf, number))));
	ck_assert_ptr_null(emf_btf_held(btf, (__u32)value_of(btf__add_ptr(btf, timer))));
}
END_TEST

START_TEST(a_timer_is_found_however_deep_it_is)
{
	int inner = value_of(btf__add_array(btf, number, timer, 2));
	int named = btf__add_typedef(btf, "inner_t", btf__add_const(btf, inner));

	ck_assert_str_eq(emf_btf_held(btf, (__u32)timer), "bpf_timer");
	ck_assert_str_eq(emf_btf_held(btf, (__u32)value_of(timer)), "bpf_timer");
	ck_assert_str_eq(emf_btf_held(btf, (__u32)value_of(named)), "bpf_timer");
}
END_TEST

START_TEST(a_pointer_to_an_object_of_the_kernel_is_found)
{
	int tagged = btf__add_ptr(btf, btf__add_type_tag(btf, "kptr_untrusted", number));

	ck_assert_str_eq(emf_btf_held(btf, (__u32)value_of(tagged)), "a kptr");
	ck_assert_ptr_null(emf_btf_held(btf, (__u32)value_of(btf__add_ptr(btf, btf__add_type_tag(btf, "user", number)))));
}
END_TEST

START_TEST(a_variable_counts_as_well)
{
	int variable = btf__add_var(btf, "later", BTF_VAR_GLOBAL_ALLOCATED, value_of(timer));
	int section = btf__add_datasec(btf, ".data", 64);

	btf__add_datasec_var_info(btf, variable, 0, 64);
	ck_assert_str_eq(emf_btf_held(btf, (__u32)section), "bpf_timer");
}
END_TEST

START_TEST(what_is_no_type_holds_nothing)
{
	ck_assert_ptr_null(emf_btf_held(btf, 0));
	ck_assert_ptr_null(emf_btf_held(btf, 100000));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("btf_held");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, numbers_and_plain_pointers_are_the_maps_own);
	tcase_add_test(tc, a_timer_is_found_however_deep_it_is);
	tcase_add_test(tc, a_pointer_to_an_object_of_the_kernel_is_found);
	tcase_add_test(tc, a_variable_counts_as_well);
	tcase_add_test(tc, what_is_no_type_holds_nothing);
	suite_add_tcase(suite, tc);
	return unit_main(suite);
}
