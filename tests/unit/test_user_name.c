// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * test_user_name.c - without these, what a user did could be shown as done by another one,
 * or the password file be read for each event.
 */
#define PASSWD_FILE passwd_file

static char passwd_file[128];

#include <unistd.h>

#include "user_name.c"

#include "unit.h"

static char folder[64];

static void write_file(const char *text)
{
	char fresh[sizeof(passwd_file) + 8];
	FILE *f;

	/* As tools do it: another file takes its place, whose times may be the same. */
	snprintf(fresh, sizeof(fresh), "%s.new", passwd_file);
	f = fopen(fresh, "w");
	fputs(text, f);
	fclose(f);
	rename(fresh, passwd_file);
}

static void setup(void)
{
	unit_folder_new(folder);
	snprintf(passwd_file, sizeof(passwd_file), "%s/passwd", folder);
	write_file("root:x:0:0:root:/root:/bin/sh\n"
		   "ann:x:1001:100:Ann:/home/ann:/bin/sh\n"
		   "toor:x:0:0:the same:/root:/bin/sh\n"
		   "broken:x\n"
		   "daemon:x:1:1::/:\n"
		   "last:x:4294967294:1::/:");
}

static void teardown(void)
{
	unit_folder_remove(folder);
}

/* As if a second had gone by. */
static void later(void)
{
	looked_ns = 0;
}

START_TEST(a_user_is_called_as_the_file_says_by_the_first_of_two_names)
{
	uint32_t uid = 7;

	ck_assert_str_eq(emf_user_name(0), "root");
	ck_assert_str_eq(emf_user_name(1), "daemon");
	ck_assert_str_eq(emf_user_name(1001), "ann");
	ck_assert_str_eq(emf_user_name(4294967294), "last");
	ck_assert_ptr_null(emf_user_name(1002));
	ck_assert_int_eq(emf_user_find("toor", &uid), 0);
	ck_assert_uint_eq(uid, 0);
	ck_assert_int_eq(emf_user_find("broken", &uid), -ENOENT);
}
END_TEST

START_TEST(a_change_of_the_file_is_seen_when_it_is_looked_at_again_and_not_before)
{
	uint64_t begin_ns = emf_now_ns();
	const char *name;

	ck_assert_str_eq(emf_user_name(0), "root");
	write_file("admin:x:0:0::/:\n");
	name = emf_user_name(0);
	if (emf_now_ns() - begin_ns < LOOK_NS) /* else this machine was too slow to tell */
		ck_assert_str_eq(name, "root");
	later();
	ck_assert_str_eq(emf_user_name(0), "admin");
	ck_assert_ptr_null(emf_user_name(1001));
}
END_TEST

START_TEST(while_there_is_no_file_what_it_said_last_counts)
{
	ck_assert_str_eq(emf_user_name(0), "root");
	unlink(passwd_file);
	later();
	ck_assert_str_eq(emf_user_name(0), "root");
}
END_TEST

START_TEST(without_a_file_nobody_has_a_name)
{
	unlink(passwd_file);
	ck_assert_ptr_null(emf_user_name(0));
	later();
	write_file("");
	ck_assert_ptr_null(emf_user_name(0));
}
END_TEST

START_TEST(of_a_file_without_end_the_first_entries_count)
{
	FILE *f = fopen(passwd_file, "w");

	for (unsigned int i = 0; i < USERS_MAX + 10; i++)
		fprintf(f, "a%u%s:x:%u:0::/:\n", i, i == 5 ? "01234567890123456789012345678901234567890123456789" : "", USERS_MAX + 9 - i);
	fclose(f);
	ck_assert_str_eq(emf_user_name(USERS_MAX + 9), "a0");
	ck_assert_str_eq(emf_user_name(10), "a4095");
	ck_assert_ptr_null(emf_user_name(9));
	ck_assert_uint_eq(strlen(emf_user_name(USERS_MAX + 4)), NAME_MAX_BYTES - 1);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("user_name");
	TCase *c = tcase_create("users");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, a_user_is_called_as_the_file_says_by_the_first_of_two_names);
	tcase_add_test(c, a_change_of_the_file_is_seen_when_it_is_looked_at_again_and_not_before);
	tcase_add_test(c, while_there_is_no_file_what_it_said_last_counts);
	tcase_add_test(c, without_a_file_nobody_has_a_name);
	tcase_add_test(c, of_a_file_without_end_the_first_entries_count);
	suite_add_tcase(s, c);
	return s;
}

int main(void)
{
	return unit_main(suite());
}
