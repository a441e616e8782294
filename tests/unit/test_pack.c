// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * test_pack.c - without these, a kernel part that was damaged on its way would be loaded, or more would be read than there is.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pack.h"
#include "pack_make.h"
#include "unit.h"

static const char text[] = "what a module runs in the kernel, and what a module runs beside it";

/* Of printf TEXT | gzip -9n. */
static const unsigned char bytes[] = {
	0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0xff, 0x2b, 0xcf, 0x48, 0x2c, 0x51, 0x48,
	0x54, 0xc8, 0xcd, 0x4f, 0x29, 0xcd, 0x49, 0x55, 0x28, 0x2a, 0xcd, 0x2b, 0x56, 0xc8, 0xcc, 0x53,
	0x28, 0xc9, 0x48, 0x55, 0xc8, 0x4e, 0x2d, 0xca, 0x4b, 0xcd, 0xd1, 0x51, 0x48, 0xcc, 0x4b, 0x51,
	0x28, 0xc7, 0x54, 0x95, 0x94, 0x5a, 0x9c, 0x99, 0x92, 0xaa, 0x90, 0x59, 0x02, 0x00, 0x73, 0x18,
	0xbf, 0xe5, 0x42, 0x00, 0x00, 0x00,
};

#define HEADER 10 /* RFC 1952 */

START_TEST(what_was_compressed_is_as_it_was)
{
	struct emf_pack pack = { bytes, bytes + sizeof(bytes) };
	size_t size;
	char *found = emf_pack_open(&pack, &size);

	ck_assert_ptr_nonnull(found);
	ck_assert_uint_eq(size, strlen(text));
	ck_assert_mem_eq(found, text, size);
	free(found);
}
END_TEST

START_TEST(what_is_cut_is_refused_at_any_place)
{
	for (size_t n = 0; n < sizeof(bytes); n++) {
		unsigned char *cut = malloc(n ? n : 1); /* a sanitizer sees what is read beyond it */
		struct emf_pack pack = { cut, cut + n };
		size_t size;

		memcpy(cut, bytes, n);
		ck_assert_ptr_null(emf_pack_open(&pack, &size));
		ck_assert_int_eq(errno, EBADMSG);
		free(cut);
	}
}
END_TEST

START_TEST(what_is_damaged_is_refused_or_was_of_no_meaning)
{
	int refused = 0;

	for (size_t bit = 0; bit < 8 * sizeof(bytes); bit++) {
		unsigned char copy[sizeof(bytes)];
		struct emf_pack pack = { copy, copy + sizeof(copy) };
		size_t size;
		char *found;

		memcpy(copy, bytes, sizeof(bytes));
		copy[bit / 8] ^= (unsigned char)(1 << bit % 8);
		found = emf_pack_open(&pack, &size);
		refused += !found;
		if (found)
			ck_assert(size == strlen(text) && !memcmp(found, text, size)); /* time, system, bits that fill a byte */
		else
			ck_assert_int_eq(errno, EBADMSG);
		free(found);
	}
	ck_assert_int_gt(refused, 8 * (int)(sizeof(bytes) - HEADER) - 8);
}
END_TEST

static void check_round(const unsigned char *from, size_t size)
{
	struct emf_bytes made = { 0 };
	struct emf_pack pack;
	size_t found;
	void *back;

	emf_pack_make(from, size, &made);
	ck_assert(!made.failed);
	pack = (struct emf_pack){ made.data, made.data + made.size };
	back = emf_pack_open(&pack, &found);
	ck_assert_ptr_nonnull(back);
	ck_assert_uint_eq(found, size);
	ck_assert(!memcmp(back, from, size));
	free(back);
	emf_bytes_free(&made);
}

START_TEST(what_is_made_here_is_as_it_was)
{
	static unsigned char from[200000];
	static const size_t sizes[] = { 0, 1, 65534, 65535, 65536, 131070, 131071, sizeof(from) };

	for (size_t i = 0; i < sizeof(from); i++)
		from[i] = (unsigned char)(i * 2654435761u >> 13);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		check_round(from, sizes[i]);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("pack");
	TCase *c = tcase_create("packs");

	tcase_add_test(c, what_was_compressed_is_as_it_was);
	tcase_add_test(c, what_is_made_here_is_as_it_was);
	tcase_add_test(c, what_is_cut_is_refused_at_any_place);
	tcase_add_test(c, what_is_damaged_is_refused_or_was_of_no_meaning);
	suite_add_tcase(s, c);
	return s;
}

int main(void)
{
	return unit_main(suite());
}
