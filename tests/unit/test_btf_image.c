// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * test_btf_image.c - without these, an entry of the BTF cache could come back as another one, or one that was damaged be used.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "btf_image.h"
#include "unit.h"

static const uint8_t uses[] = { EMF_BTF_PART, EMF_BTF_MODULES, EMF_BTF_PART };
static const struct emf_btf_target targets[] = { { 1234, "tp_btf/sched_switch" }, { 77, "iter.s/task" } };
static const char btf[] = "the part of the BTF";
static struct emf_btf_image made;
static char *bytes;
static size_t size;

static void setup(void)
{
	made = (struct emf_btf_image){ .key = { 17, 18 }, .btf = btf, .btf_size = sizeof(btf), .uses = uses, .n_objects = 3,
				       .targets = targets, .n_targets = 2 };
	bytes = emf_btf_image_write(&made, &size);
	ck_assert_ptr_nonnull(bytes);
}

static void teardown(void)
{
	free(bytes);
}

START_TEST(an_entry_comes_back_as_it_was_written)
{
	struct emf_btf_image read;

	ck_assert_int_eq(emf_btf_image_read(&read, bytes, size), 0);
	ck_assert_mem_eq(&read.key, &made.key, sizeof(read.key));
	ck_assert_uint_eq(read.btf_size, sizeof(btf));
	ck_assert_mem_eq(read.btf, btf, sizeof(btf));
	ck_assert_uint_eq(read.n_objects, 3);
	ck_assert_mem_eq(read.uses, uses, sizeof(uses));
	ck_assert_uint_eq(read.n_targets, 2);
	ck_assert_mem_eq(read.targets, targets, sizeof(targets));
}
END_TEST

START_TEST(an_entry_of_nothing_comes_back_too)
{
	struct emf_btf_image nothing = { .uses = uses, .targets = targets, .btf = btf }, read;

	free(bytes);
	bytes = emf_btf_image_write(&nothing, &size);
	ck_assert_int_eq(emf_btf_image_read(&read, bytes, size), 0);
	ck_assert_uint_eq(read.n_objects + read.n_targets + read.btf_size, 0);
}
END_TEST

START_TEST(any_bit_that_is_wrong_is_found)
{
	struct emf_btf_image read = { .n_targets = 99 };

	for (size_t bit = 0; bit < 8 * size; bit++) {
		bytes[bit / 8] ^= (char)(1 << bit % 8);
		ck_assert_int_eq(emf_btf_image_read(&read, bytes, size), -EINVAL);
		bytes[bit / 8] ^= (char)(1 << bit % 8);
	}
	ck_assert_uint_eq(read.n_targets, 99);
}
END_TEST

START_TEST(one_that_is_cut_or_longer_is_refused)
{
	struct emf_btf_image read;
	char *longer = calloc(1, size + 8);

	for (size_t n = 0; n < size; n++)
		ck_assert_int_eq(emf_btf_image_read(&read, bytes, n), -EINVAL);
	memcpy(longer, bytes, size);
	for (size_t n = 1; n <= 8; n++)
		ck_assert_int_eq(emf_btf_image_read(&read, longer, size + n), -EINVAL);
	free(longer);
}
END_TEST

START_TEST(what_libbpf_may_not_be_told_is_refused_though_its_sum_is_right)
{
	static const struct emf_btf_target bad[] = { { 0, "tp_btf/sched_switch" }, { 1 << 20, "tp_btf/sched_switch" }, { 1, "lsm/file_open" },
						     { 1, "xdp" }, { 1, "" } };
	static const uint8_t bad_use[] = { EMF_BTF_PART, EMF_BTF_USES_MAX, 0 };
	struct emf_btf_image read;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		made.targets = &bad[i];
		made.n_targets = 1;
		free(bytes);
		bytes = emf_btf_image_write(&made, &size);
		ck_assert_int_eq(emf_btf_image_read(&read, bytes, size), -EINVAL);
	}
	made.n_targets = 0;
	made.uses = bad_use;
	free(bytes);
	bytes = emf_btf_image_write(&made, &size);
	ck_assert_int_eq(emf_btf_image_read(&read, bytes, size), -EINVAL);
}
END_TEST

START_TEST(a_hash_tells_every_byte_their_number_and_their_order)
{
	char text[64] = { 0 };
	uint64_t plain = emf_btf_hash(0, text, sizeof(text));

	for (size_t bit = 0; bit < 8 * sizeof(text); bit++) {
		text[bit / 8] ^= (char)(1 << bit % 8);
		ck_assert_uint_ne(emf_btf_hash(0, text, sizeof(text)), plain);
		text[bit / 8] ^= (char)(1 << bit % 8);
	}
	for (size_t n = 0; n < sizeof(text); n++)
		ck_assert_uint_ne(emf_btf_hash(0, text, n), plain);
	ck_assert_uint_ne(emf_btf_hash(emf_btf_hash(0, "ab", 2), "c", 1), emf_btf_hash(emf_btf_hash(0, "a", 1), "bc", 2));
	ck_assert_uint_ne(emf_btf_hash(emf_btf_hash(0, "a", 1), "b", 1), emf_btf_hash(emf_btf_hash(0, "b", 1), "a", 1));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("btf_image");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, an_entry_comes_back_as_it_was_written);
	tcase_add_test(tc, an_entry_of_nothing_comes_back_too);
	tcase_add_test(tc, any_bit_that_is_wrong_is_found);
	tcase_add_test(tc, one_that_is_cut_or_longer_is_refused);
	tcase_add_test(tc, what_libbpf_may_not_be_told_is_refused_though_its_sum_is_right);
	tcase_add_test(tc, a_hash_tells_every_byte_their_number_and_their_order);
	suite_add_tcase(suite, tc);
	return unit_main(suite);
}
