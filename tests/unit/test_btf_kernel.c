// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * test_btf_kernel.c - without these, two kernels could be taken for the same, and the offsets of one be used on the other.
 */
#include <elf.h>
#include <string.h>

#include "btf_kernel.h"
#include "unit.h"

static char notes[256];
static size_t n_bytes, n;

static void add(uint32_t type, const char *name, const char *content, uint32_t content_size)
{
	Elf64_Nhdr note = { .n_namesz = (uint32_t)strlen(name) + 1, .n_descsz = content_size, .n_type = type };

	memcpy(notes + n_bytes, &note, sizeof(note));
	strcpy(notes + n_bytes + sizeof(note), name);
	memcpy(notes + n_bytes + sizeof(note) + ((note.n_namesz + 3) & ~3u), content, content_size);
	n_bytes += sizeof(note) + ((note.n_namesz + 3) & ~3u) + ((content_size + 3) & ~3u);
}

static void setup(void)
{
	memset(notes, 0, sizeof(notes));
	n_bytes = 0;
}

START_TEST(the_build_id_is_found_among_other_notes)
{
	add(18, "Xen", "abc", 3);
	add(NT_GNU_BUILD_ID, "Linux", "not this one", 12);
	add(NT_GNU_BUILD_ID, "GNU", "0123456789abcdef0123", 20);
	add(0x100, "Linux", "\0\0\0", 4);
	ck_assert_ptr_nonnull(emf_kernel_build_id(notes, n_bytes, &n));
	ck_assert_mem_eq(emf_kernel_build_id(notes, n_bytes, &n), "0123456789abcdef0123", 20);
	ck_assert_uint_eq(n, 20);
}
END_TEST

START_TEST(notes_without_one_or_with_one_that_tells_nothing_have_none)
{
	ck_assert_ptr_null(emf_kernel_build_id(notes, 0, &n));
	add(18, "Xen", "abc", 3);
	ck_assert_ptr_null(emf_kernel_build_id(notes, n_bytes, &n));
	add(NT_GNU_BUILD_ID, "GNU", "0", 1);
	ck_assert_ptr_null(emf_kernel_build_id(notes, n_bytes, &n));
}
END_TEST

START_TEST(notes_that_are_cut_or_lie_about_their_size_are_not_read_beyond)
{
	Elf64_Nhdr liar = { .n_namesz = 4, .n_descsz = 0xfffffffe, .n_type = NT_GNU_BUILD_ID };

	add(18, "Xen", "abc", 3);
	add(NT_GNU_BUILD_ID, "GNU", "0123456789abcdef0123", 20);
	for (size_t size = 0; size < n_bytes; size++)
		ck_assert_ptr_null(emf_kernel_build_id(notes, size, &n));
	memcpy(notes, &liar, sizeof(liar));
	ck_assert_ptr_null(emf_kernel_build_id(notes, n_bytes, &n));
	liar.n_namesz = 0xffffffff;
	memcpy(notes, &liar, sizeof(liar));
	ck_assert_ptr_null(emf_kernel_build_id(notes, n_bytes, &n));
}
END_TEST

START_TEST(the_kernel_that_runs_is_the_same_each_time)
{
	ck_assert_uint_eq(emf_btf_kernel(), emf_btf_kernel());
	ck_assert_uint_ne(emf_btf_kernel(), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("btf_kernel");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, the_build_id_is_found_among_other_notes);
	tcase_add_test(tc, notes_without_one_or_with_one_that_tells_nothing_have_none);
	tcase_add_test(tc, notes_that_are_cut_or_lie_about_their_size_are_not_read_beyond);
	tcase_add_test(tc, the_kernel_that_runs_is_the_same_each_time);
	suite_add_tcase(suite, tc);
	return unit_main(suite);
}
