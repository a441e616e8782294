// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * test_kernel_enum.c - without these, what one kernel sends could be told by the name that another one has for the number.
 */
#include <bpf/btf.h>
#include <emf/module.h>
#include <emf/object.h>
#include <emf/param.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel_enum.h"
#include "package_check.h"
#include "unit.h"

#define N 3

static struct btf *kernel;
static const struct emf_name built[N + 1] = { { "CONSUMED", 1 }, { "NOT_SPECIFIED", 2 }, { "NO_SOCKET", 3 } };
static const struct emf_name negative[N + 1] = { { "CONSUMED", (uint64_t)-1 }, { "NOT_SPECIFIED", 2 }, { "NO_SOCKET", 3 } };
static struct emf_name names[N + 1];
static struct emf_kernel_enum enums[] = { { "reason", built, names }, { NULL, NULL, NULL } };
static struct module module = { .name = "m", .kernel_enums = enums };
static struct module *modules[] = { &module };

static void setup(void)
{
	memcpy(names, built, sizeof(names));
	enums[0].built = built;
	module.kernel_enums = enums;
	kernel = btf__new_empty();
	/* Of every kind of type there is one in its way. */
	btf__add_int(kernel, "int", 4, BTF_INT_SIGNED);
	btf__add_ptr(kernel, 1);
	btf__add_array(kernel, 1, 1, 3);
	btf__add_struct(kernel, "reason", 8);
	btf__add_field(kernel, "a", 1, 0, 0);
	btf__add_field(kernel, "b", 1, 32, 0);
	btf__add_func_proto(kernel, 1);
	btf__add_func_param(kernel, "c", 1);
	btf__add_func(kernel, "f", BTF_FUNC_STATIC, 5);
	btf__add_var(kernel, "v", BTF_VAR_STATIC, 1);
	btf__add_datasec(kernel, ".data", 4);
	btf__add_datasec_var_info(kernel, 7, 0, 4);
	btf__add_decl_tag(kernel, "tag", 4, 1);
	btf__add_type_tag(kernel, "tag", 1);
	btf__add_fwd(kernel, "reason", BTF_FWD_STRUCT);
	btf__add_enum(kernel, NULL, 4);
	btf__add_enum_value(kernel, "NO_SOCKET", 77);
}

static void teardown(void)
{
	btf__free(kernel);
}

static void add(const char *name, uint32_t value)
{
	ck_assert_int_eq(btf__add_enum_value(kernel, name, value), 0);
}

static int number(void)
{
	const void *bytes;
	uint32_t size;

	bytes = btf__raw_data(kernel, &size);
	return emf_kernel_enums_number(modules, modules + 1, bytes, size);
}

START_TEST(names_get_the_numbers_of_the_kernel_and_those_that_it_lacks_go)
{
	btf__add_enum(kernel, "reason", 4);
	add("NOT_SPECIFIED", 1);
	add("CAME_LATER", 9);
	add("NO_SOCKET", 2);
	ck_assert_int_eq(number(), 0);
	ck_assert_str_eq(names[0].name, "NOT_SPECIFIED");
	ck_assert_uint_eq(names[0].value, 1);
	ck_assert_str_eq(names[1].name, "NO_SOCKET");
	ck_assert_uint_eq(names[1].value, 2);
	ck_assert_ptr_null(names[2].name);
}
END_TEST

START_TEST(names_in_another_order_are_found)
{
	btf__add_enum(kernel, "reason", 4);
	add("NO_SOCKET", 5);
	add("NOT_SPECIFIED", 6);
	add("CONSUMED", 7);
	ck_assert_int_eq(number(), 0);
	ck_assert_uint_eq(names[0].value, 7);
	ck_assert_uint_eq(names[1].value, 6);
	ck_assert_uint_eq(names[2].value, 5);
}
END_TEST

START_TEST(it_can_be_done_again_and_be_taken_back)
{
	btf__add_enum(kernel, "reason", 4);
	add("NOT_SPECIFIED", 1);
	add("NO_SOCKET", 2);
	ck_assert_int_eq(number(), 0);
	ck_assert_int_eq(number(), 0);
	ck_assert_uint_eq(names[1].value, 2);
	emf_kernel_enums_forget(&module);
	ck_assert_mem_eq(names, built, sizeof(built));
}
END_TEST

START_TEST(a_wide_enum_and_a_negative_number_are_read_whole)
{
	btf__add_enum64(kernel, "reason", 8, true);
	btf__add_enum64_value(kernel, "CONSUMED", (uint64_t)-7);
	btf__add_enum64_value(kernel, "NO_SOCKET", UINT64_C(1) << 40);
	ck_assert_int_eq(number(), 0);
	ck_assert_int_eq((int64_t)names[0].value, -7);
	ck_assert_uint_eq(names[1].value, UINT64_C(1) << 40);
}
END_TEST

START_TEST(a_number_that_was_negative_is_one_where_the_kernel_does_not_say_so)
{
	enums[0].built = negative;
	btf__add_enum(kernel, "reason", 4);
	add("NO_SOCKET", 5);
	add("CONSUMED", UINT32_MAX);
	ck_assert_int_eq(number(), 0);
	ck_assert_int_eq((int64_t)names[0].value, -1);
	ck_assert_uint_eq(names[1].value, 5);
}
END_TEST

START_TEST(another_enum_of_that_name_changes_nothing)
{
	btf__add_enum(kernel, "reason", 4);
	add("OF_ANOTHER_KIND", 3);
	add("NO_SOCKET", 2);
	add("OF_THAT_KIND", 1);
	ck_assert_int_eq(number(), 0);
	ck_assert_mem_eq(names, built, sizeof(built));
}
END_TEST

START_TEST(of_several_of_that_name_the_one_with_most_of_the_names_counts)
{
	btf__add_enum(kernel, "reason", 4);
	add("CONSUMED", 11);
	add("NO_SOCKET", 12);
	btf__add_enum(kernel, "reason", 4);
	add("CONSUMED", 21);
	add("NOT_SPECIFIED", 22);
	add("NO_SOCKET", 23);
	btf__add_enum(kernel, "reason", 4);
	add("NO_SOCKET", 31);
	ck_assert_int_eq(number(), 0);
	ck_assert_uint_eq(names[0].value, 21);
	ck_assert_uint_eq(names[2].value, 23);
}
END_TEST

START_TEST(one_that_has_grown_to_more_than_twice_as_many_names_is_the_same)
{
	static const struct emf_name many[] = { { "A", 1 }, { "B", 2 }, { "C", 3 }, { "D", 4 }, { "E", 5 }, { "F", 6 }, { "NO_SOCKET", 7 }, { NULL, 0 } };
	struct emf_name now[sizeof(many) / sizeof(*many)];
	struct emf_kernel_enum one[] = { { "reason", many, now }, { NULL, NULL, NULL } };

	memcpy(now, many, sizeof(many));
	btf__add_enum(kernel, "reason", 4);
	add("NOT_SPECIFIED", 1);
	add("NO_SOCKET", 2);
	module.kernel_enums = one;
	ck_assert_int_eq(number(), 0);
	ck_assert_str_eq(now[0].name, "NO_SOCKET");
	ck_assert_uint_eq(now[0].value, 2);
	ck_assert_ptr_null(now[1].name);
}
END_TEST

START_TEST(a_kernel_without_it_changes_nothing)
{
	ck_assert_int_eq(number(), 0);
	ck_assert_mem_eq(names, built, sizeof(built));
}
END_TEST

START_TEST(what_is_cut_off_or_no_btf_is_an_error_and_what_was_found_before_counts)
{
	const void *bytes;
	uint32_t size;
	char *cut;

	btf__add_enum(kernel, "reason", 4);
	add("NOT_SPECIFIED", 1);
	add("NO_SOCKET", 2);
	btf__add_enum(kernel, "later", 4);
	add("NO_SOCKET", 2);
	bytes = btf__raw_data(kernel, &size);
	cut = malloc(size);
	memcpy(cut, bytes, size);
	for (uint32_t n = 0; n < size; n++)
		ck_assert_int_eq(emf_kernel_enums_number(modules, modules + 1, cut, n), -EINVAL);
	ck_assert_mem_eq(names, built, sizeof(built));
	((struct btf_header *)(void *)cut)->type_len -= 4; /* in the middle of the last one */
	ck_assert_int_eq(emf_kernel_enums_number(modules, modules + 1, cut, size), -EINVAL);
	ck_assert_uint_eq(names[1].value, 2);
	free(cut);
}
END_TEST

START_TEST(the_kernel_that_runs_is_walked_to_its_end)
{
	static const struct emf_name types[] = { { "BPF_MAP_TYPE_HASH", 1000 }, { "BPF_MAP_TYPE_ARRAY", 1001 }, { NULL, 0 } };
	static struct emf_name now[3];
	struct emf_kernel_enum of_kernel[] = { { "bpf_map_type", types, now }, { NULL, NULL, NULL } };

	module.kernel_enums = of_kernel;
	emf_kernel_enums_use(modules, modules + 1);
	if (!access("/sys/kernel/btf/vmlinux", R_OK)) {
		ck_assert_str_eq(now[0].name, "BPF_MAP_TYPE_HASH");
		ck_assert_uint_eq(now[0].value, 1); /* include/uapi/linux/bpf.h */
		ck_assert_uint_eq(now[1].value, 2);
	}
	module.kernel_enums = enums;
}
END_TEST

START_TEST(more_names_than_any_tool_has_keep_their_numbers)
{
	static const char *const name = "CONSUMED";
	struct emf_name *many = calloc(EMF_KERNEL_NAMES_MAX + 1, sizeof(*many)), *now = calloc(EMF_KERNEL_NAMES_MAX + 1, sizeof(*now));
	struct emf_kernel_enum two[] = { { "reason", built, names }, { "reason", many, now }, { NULL, NULL, NULL } };

	for (size_t i = 0; i < EMF_KERNEL_NAMES_MAX; i++)
		many[i] = now[i] = (struct emf_name){ name, i };
	btf__add_enum(kernel, "reason", 4);
	add("CONSUMED", 7);
	add("NO_SOCKET", 8);
	module.kernel_enums = two;
	ck_assert_int_eq(number(), -E2BIG);
	ck_assert_uint_eq(names[0].value, 7);
	ck_assert_uint_eq(now[1].value, 1);
	module.kernel_enums = enums;
	free(many);
	free(now);
}
END_TEST

START_TEST(of_a_package_they_are_of_one_length_and_not_too_many)
{
	static const struct emf_pack pack;
	static const struct emf_object object = { .source = "m.bpf.c", .pack = &pack };
	static struct emf_name long_names[EMF_PACKAGE_KERNEL_NAMES_MAX + 2], shorter[N] = { { "CONSUMED", 1 }, { "NO_SOCKET", 2 } };
	struct emf_kernel_enum many[EMF_PACKAGE_KERNEL_ENUMS_MAX + 2] = { { "reason", built, names } };
	struct module packed = { .name = "m", .object = &object, .kernel_enums = many };

	ck_assert_ptr_null(emf_package_mistake(EMF_SHAPE_MODULE, &packed));
	many[0].names = shorter;
	ck_assert_str_eq(emf_package_mistake(EMF_SHAPE_MODULE, &packed), "an enum of the kernel has too many values, or two lists of them that differ in length");
	for (size_t i = 0; i <= EMF_PACKAGE_KERNEL_NAMES_MAX; i++)
		long_names[i].name = "CONSUMED";
	many[0] = (struct emf_kernel_enum){ "reason", long_names, long_names };
	ck_assert_ptr_nonnull(emf_package_mistake(EMF_SHAPE_MODULE, &packed));
	for (size_t i = 0; i <= EMF_PACKAGE_KERNEL_ENUMS_MAX; i++)
		many[i] = (struct emf_kernel_enum){ "reason", built, names };
	ck_assert_str_eq(emf_package_mistake(EMF_SHAPE_MODULE, &packed), "a module has too many enums of the kernel");
	ck_assert_ptr_nonnull(emf_package_mistake(EMF_SHAPE_KERNEL_ENUM, &(struct emf_kernel_enum){ "reason", NULL, names }));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("kernel_enum");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, names_get_the_numbers_of_the_kernel_and_those_that_it_lacks_go);
	tcase_add_test(tc, names_in_another_order_are_found);
	tcase_add_test(tc, it_can_be_done_again_and_be_taken_back);
	tcase_add_test(tc, a_wide_enum_and_a_negative_number_are_read_whole);
	tcase_add_test(tc, a_number_that_was_negative_is_one_where_the_kernel_does_not_say_so);
	tcase_add_test(tc, another_enum_of_that_name_changes_nothing);
	tcase_add_test(tc, of_several_of_that_name_the_one_with_most_of_the_names_counts);
	tcase_add_test(tc, one_that_has_grown_to_more_than_twice_as_many_names_is_the_same);
	tcase_add_test(tc, a_kernel_without_it_changes_nothing);
	tcase_add_test(tc, what_is_cut_off_or_no_btf_is_an_error_and_what_was_found_before_counts);
	tcase_add_test(tc, more_names_than_any_tool_has_keep_their_numbers);
	tcase_add_test(tc, of_a_package_they_are_of_one_length_and_not_too_many);
	tcase_add_test(tc, the_kernel_that_runs_is_walked_to_its_end);
	suite_add_tcase(suite, tc);
	return unit_main(suite);
}
