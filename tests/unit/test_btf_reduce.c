// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * test_btf_reduce.c - without these, the part of a BTF could lack what a relocation finds in the whole, or have more than that.
 */
#include <bpf/btf.h>
#include <stdlib.h>
#include <string.h>

#include "btf_check.h"
#include "btf_reduce.h"
#include "unit.h"

static struct btf *kernel, *own, *part;
static int integer;

static void setup(void)
{
	kernel = btf__new_empty();
	own = btf__new_empty();
	ck_assert_int_eq(btf__add_int(own, "int", 4, BTF_INT_SIGNED), 1);
	integer = btf__add_int(kernel, "int", 4, BTF_INT_SIGNED);
	ck_assert_int_gt(btf__add_int(kernel, "long unsigned int", 8, 0), 0);
}

static void teardown(void)
{
	btf__free(kernel);
	btf__free(own);
	btf__free(part);
}

static int new_struct(struct btf *btf, const char *name, unsigned int size)
{
	int id = btf__add_struct(btf, name, size);

	ck_assert_int_gt(id, 0);
	return id;
}

static void new_member(struct btf *btf, const char *name, int type, unsigned int offset)
{
	ck_assert_int_eq(btf__add_field(btf, name, type, 8 * offset, 0), 0);
}

/* What is kept for one relocation, and what the object has of it. */
static enum emf_btf_use reduce(int type, enum bpf_core_relo_kind kind, const char *access)
{
	struct {
		uint16_t magic;
		uint8_t version, flags;
		uint32_t head_size, unused[4], at, size;
		uint32_t record_size, section, n;
		struct bpf_core_relo relocation;
	} ext = { .magic = 0xeb9f, .version = 1, .head_size = 32, .size = 28, .record_size = 16, .n = 1 };
	struct emf_btf_object object = { .ext = &ext, .ext_size = sizeof(ext) };
	struct emf_btf_reduce *reduced;
	enum emf_btf_use use;

	ext.relocation = (struct bpf_core_relo){ .type_id = (uint32_t)type, .access_str_off = (uint32_t)btf__add_str(own, access), .kind = kind };
	reduced = emf_btf_reduce_new(kernel);
	use = emf_btf_reduce_add(reduced, &object, own);
	btf__free(part);
	part = emf_btf_reduce_make(reduced);
	ck_assert_ptr_nonnull(part);
	emf_btf_reduce_free(reduced);
	return use;
}

/* The names of a struct's members that were kept: "a b", or "-" if it was not kept. */
static const char *members(const char *name)
{
	static char text[128];
	int id = btf__find_by_name_kind(part, name, BTF_KIND_STRUCT);
	const struct btf_type *type = id > 0 ? btf__type_by_id(part, (uint32_t)id) : NULL;

	strcpy(text, type ? "" : "-");
	for (unsigned int i = 0; type && i < btf_vlen(type); i++) {
		strcat(text, i ? " " : "");
		strcat(text, btf__name_by_offset(part, btf_members(type)[i].name_off));
	}
	return text;
}

START_TEST(of_a_struct_the_members_that_are_named_are_kept_with_its_size)
{
	int id = new_struct(own, "s", 4);

	new_member(own, "b", 1, 0);
	new_struct(kernel, "s", 100);
	new_member(kernel, "a", integer, 0);
	new_member(kernel, "b", integer, 40);
	new_member(kernel, "c", integer, 80);
	ck_assert_int_eq(reduce(id, BPF_CORE_FIELD_BYTE_OFFSET, "0:0"), EMF_BTF_PART);
	ck_assert_str_eq(members("s"), "b");
	ck_assert_int_eq(btf__resolve_size(part, (uint32_t)btf__find_by_name(part, "s")), 100);
}
END_TEST

START_TEST(all_types_of_a_name_are_kept_flavours_put_aside)
{
	int id = new_struct(own, "s___mine", 4);

	new_member(own, "b", 1, 0);
	new_struct(kernel, "s", 8);
	new_member(kernel, "b", integer, 4);
	new_struct(kernel, "s___kernels", 8);
	new_member(kernel, "b", integer, 4);
	new_struct(kernel, "s__other", 8);
	new_member(kernel, "b", integer, 4);
	ck_assert_int_eq(reduce(id, BPF_CORE_FIELD_EXISTS, "0:0"), EMF_BTF_PART);
	ck_assert_str_eq(members("s"), "b");
	ck_assert_str_eq(members("s___kernels"), "b");
	ck_assert_str_eq(members("s__other"), "-");
}
END_TEST

START_TEST(an_array_of_no_elements_does_not_become_the_last_member)
{
	int array = btf__add_array(own, 1, 1, 0), id = new_struct(own, "s", 8);

	new_member(own, "none", array, 0);
	array = btf__add_array(kernel, integer, integer, 0);
	new_struct(kernel, "s", 12);
	new_member(kernel, "none", array, 0);
	new_member(kernel, "between", integer, 4);
	new_member(kernel, "last", integer, 8);
	ck_assert_int_eq(reduce(id, BPF_CORE_FIELD_BYTE_OFFSET, "0:0:3"), EMF_BTF_PART);
	ck_assert_str_eq(members("s"), "none last");
}
END_TEST

START_TEST(a_member_in_one_without_a_name_is_kept_with_the_way_to_it)
{
	int id = new_struct(own, "s", 4), inner;

	new_member(own, "b", 1, 0);
	inner = new_struct(kernel, "", 8);
	new_member(kernel, "x", integer, 0);
	new_member(kernel, "b", integer, 4);
	new_struct(kernel, "s", 16);
	new_member(kernel, "a", integer, 0);
	new_member(kernel, "", inner, 8);
	ck_assert_int_eq(reduce(id, BPF_CORE_FIELD_BYTE_OFFSET, "0:0"), EMF_BTF_PART);
	ck_assert_str_eq(members("s"), "");
	ck_assert_str_eq(members(""), "b");
}
END_TEST

START_TEST(what_a_member_points_to_is_not_kept)
{
	int pointer = btf__add_ptr(own, 0), id = new_struct(own, "s", 8), far;

	new_member(own, "p", pointer, 0);
	far = new_struct(kernel, "far", 8);
	pointer = btf__add_ptr(kernel, far);
	new_struct(kernel, "s", 8);
	new_member(kernel, "p", pointer, 0);
	ck_assert_int_eq(reduce(id, BPF_CORE_FIELD_BYTE_OFFSET, "0:0"), EMF_BTF_PART);
	ck_assert_str_eq(members("s"), "p");
	ck_assert_str_eq(members("far"), "-");
}
END_TEST

START_TEST(a_type_that_the_kernel_lacks_and_the_number_of_a_type_need_the_whole)
{
	int absent = new_struct(own, "absent", 4), there = new_struct(own, "there", 4);

	new_struct(kernel, "there", 4);
	ck_assert_int_eq(reduce(absent, BPF_CORE_TYPE_EXISTS, "0"), EMF_BTF_MODULES);
	ck_assert_int_eq(reduce(there, BPF_CORE_TYPE_ID_TARGET, "0"), EMF_BTF_NUMBERS);
	ck_assert_int_eq(reduce(there, BPF_CORE_TYPE_ID_LOCAL, "0"), EMF_BTF_PART);
	ck_assert_str_eq(members("there"), "-");
	ck_assert_int_eq(reduce(there, BPF_CORE_TYPE_SIZE, "0"), EMF_BTF_PART);
	ck_assert_str_eq(members("there"), "");
}
END_TEST

START_TEST(a_way_that_is_none_is_not_understood)
{
	static const char *const ways[] = { "0:1", "0:0:0", "0:0x", "x", "0:99999999999999999999", "0:-1" };
	int id = new_struct(own, "s", 4);

	new_member(own, "b", 1, 0);
	new_struct(kernel, "s", 4);
	new_member(kernel, "b", integer, 0);
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++)
		ck_assert_msg(reduce(id, BPF_CORE_FIELD_EXISTS, ways[i]) == EMF_BTF_UNKNOWN, "%s", ways[i]);
	ck_assert_int_eq(reduce(1000, BPF_CORE_FIELD_EXISTS, "0:0"), EMF_BTF_UNKNOWN);
}
END_TEST

START_TEST(signed_and_unsigned_enums_stay_what_they_are)
{
	int id = btf__add_enum(own, "e", 4);
	const struct btf_type *kept;
	struct btf_type *type;

	btf__add_enum_value(own, "ONE", 1);
	btf__add_enum(kernel, "e", 4);
	btf__add_enum_value(kernel, "ONE", 1);
	type = (struct btf_type *)(uintptr_t)btf__type_by_id(kernel, (uint32_t)btf__find_by_name(kernel, "e"));
	type->info |= 1u << 31; /* signed, though no value is below 0 */
	ck_assert_int_eq(reduce(id, BPF_CORE_ENUMVAL_VALUE, "0"), EMF_BTF_PART);
	kept = btf__type_by_id(part, (uint32_t)btf__find_by_name_kind(part, "e", BTF_KIND_ENUM));
	ck_assert_ptr_nonnull(kept);
	ck_assert_int_eq(btf_kflag(kept), 1);
	ck_assert_int_eq(btf_vlen(kept), 1);
}
END_TEST

/* Each has the one before twice, without a name: so often do its members have to be looked at. */
static void add_levels(int n)
{
	for (int i = 0, before = integer; i < n; i++) {
		int id = btf__add_struct(kernel, "level", 8);

		ck_assert_int_eq(btf__add_field(kernel, i ? "" : "a", before, 0, 0), 0);
		ck_assert_int_eq(btf__add_field(kernel, i ? "" : "b", before, 32, 0), 0);
		before = id;
	}
}

START_TEST(types_whose_members_are_searched_without_end_are_not_sound)
{
	add_levels(10);
	ck_assert(emf_btf_is_sound(kernel));
	add_levels(30);
	ck_assert(!emf_btf_is_sound(kernel));
}
END_TEST

START_TEST(a_type_that_has_itself_is_not_sound)
{
	int id = btf__add_struct(kernel, "itself", 8);

	ck_assert_int_eq(btf__add_field(kernel, "", id, 0, 0), 0);
	ck_assert(!emf_btf_is_sound(kernel));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("btf_reduce");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, of_a_struct_the_members_that_are_named_are_kept_with_its_size);
	tcase_add_test(tc, all_types_of_a_name_are_kept_flavours_put_aside);
	tcase_add_test(tc, an_array_of_no_elements_does_not_become_the_last_member);
	tcase_add_test(tc, a_member_in_one_without_a_name_is_kept_with_the_way_to_it);
	tcase_add_test(tc, what_a_member_points_to_is_not_kept);
	tcase_add_test(tc, a_type_that_the_kernel_lacks_and_the_number_of_a_type_need_the_whole);
	tcase_add_test(tc, a_way_that_is_none_is_not_understood);
	tcase_add_test(tc, signed_and_unsigned_enums_stay_what_they_are);
	tcase_add_test(tc, types_whose_members_are_searched_without_end_are_not_sound);
	tcase_add_test(tc, a_type_that_has_itself_is_not_sound);
	suite_add_tcase(suite, tc);
	return unit_main(suite);
}
