// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * test_btf_folder.c - without these, a user's cache could be looked for in a folder of somebody else, or a path be cut and
 * another one used.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "btf_folder.h"
#include "unit.h"

static char path[EMF_BTF_FOLDER_MAX];

static void setup(void)
{
	unsetenv("EMF_CACHE");
	unsetenv("XDG_CACHE_HOME");
	setenv("HOME", "/home/nobody", 1);
	unit_nobody_begin();
}

static void teardown(void)
{
	unit_nobody_end();
}

static const char *folder(const char *given)
{
	ck_assert_int_eq(emf_btf_folder(given, path), 0);
	return path;
}

START_TEST(a_user_has_it_among_its_caches)
{
	ck_assert_str_eq(folder(NULL), "/home/nobody/.cache/emf");
	setenv("XDG_CACHE_HOME", "/caches", 1);
	ck_assert_str_eq(folder(NULL), "/caches/emf");
	setenv("XDG_CACHE_HOME", "not/absolute", 1);
	ck_assert_str_eq(folder(NULL), "/home/nobody/.cache/emf");
}
END_TEST

START_TEST(a_user_without_a_home_has_none)
{
	unsetenv("HOME");
	ck_assert_int_eq(emf_btf_folder(NULL, path), -ENOENT);
	setenv("HOME", "", 1);
	ck_assert_int_eq(emf_btf_folder(NULL, path), -ENOENT);
}
END_TEST

START_TEST(the_environment_goes_before_the_configuration_and_that_before_the_default)
{
	ck_assert_str_eq(folder("/configured"), "/configured");
	setenv("EMF_CACHE", "/chosen", 1);
	ck_assert_str_eq(folder("/configured"), "/chosen");
	setenv("EMF_CACHE", "", 1);
	ck_assert_str_eq(folder("/configured"), "/configured");
}
END_TEST

START_TEST(a_path_that_is_too_long_is_refused)
{
	char much[EMF_BTF_FOLDER_MAX + 1];

	memset(much, 'a', sizeof(much));
	much[0] = '/';
	much[sizeof(much) - 1] = '\0';
	ck_assert_int_eq(emf_btf_folder(much, path), -ENAMETOOLONG);
	setenv("HOME", much, 1);
	ck_assert_int_eq(emf_btf_folder(NULL, path), -ENAMETOOLONG);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("btf_folder");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_user_has_it_among_its_caches);
	tcase_add_test(tc, a_user_without_a_home_has_none);
	tcase_add_test(tc, the_environment_goes_before_the_configuration_and_that_before_the_default);
	tcase_add_test(tc, a_path_that_is_too_long_is_refused);
	suite_add_tcase(suite, tc);
	return unit_main(suite);
}
