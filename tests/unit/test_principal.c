// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * test_principal.c - without these, a rule in a fully static product could be of another
 * user or group than the one that it names, or hold for nobody.
 *
 * The reader of the files is in fully static products only, and is tried in all.
 */
#ifndef EMF_FULLY_STATIC
#define EMF_FULLY_STATIC 1
#endif
#define PASSWD_FILE passwd_file
#define GROUP_FILE group_file

static char passwd_file[128], group_file[128];

#include "principal.c"

#include "unit.h"

#define PLENTY 5000 /* members of a group: longer than any buffer of a libc */

static char folder[64];

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	fputs(text, f);
	fclose(f);
}

static void setup(void)
{
	unit_folder_new(folder);
	snprintf(passwd_file, sizeof(passwd_file), "%s/passwd", folder);
	snprintf(group_file, sizeof(group_file), "%s/group", folder);
	write_file(passwd_file, "root:x:0:0:root:/root:/bin/sh\n"
				"# no user:x:9:9::/:\n"
				"ann:x:1001:100:Ann, of the lab:/home/ann:/bin/sh\n"
				"anna:x:1002:100::/home/anna:\n"
				"broken:x\n"
				"last:x:4294967294:4294967293::/:");
	write_file(group_file, "root:x:0:\n"
			       "users:x:100:\n"
			       "lab:x:200:anna,ann\n"
			       "anna:x:1002:\n"
			       "broken\n"
			       "watch:*:300:root,ann,bob");
}

static void teardown(void)
{
	unit_folder_remove(folder);
}

static long user(const char *name)
{
	unsigned int uid = 77;
	int err = emf_principal_user(name, &uid);

	ck_assert(!err || uid == 77); /* untouched on error */
	return err ? err : (long)uid;
}

static long group(const char *name)
{
	unsigned int gid = 77;
	int err = emf_principal_group(name, &gid);

	ck_assert(!err || gid == 77);
	return err ? err : (long)gid;
}

START_TEST(names_are_found_whole_in_their_own_file_past_lines_that_are_broken)
{
	ck_assert_int_eq(user("root"), 0);
	ck_assert_int_eq(user("ann"), 1001);
	ck_assert_int_eq(user("anna"), 1002);
	ck_assert_int_eq(user("last"), 4294967294);
	ck_assert_int_eq(group("users"), 100);
	ck_assert_int_eq(group("anna"), 1002);
	ck_assert_int_eq(group("watch"), 300);
}
END_TEST

START_TEST(a_name_that_is_in_no_file_or_in_the_other_one_is_nobodys)
{
	static const char *const none[] = { "an", "annab", "ANN", "", " ann", "ann ", "x", "lab", "broken", "# no user" };

	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++)
		ck_assert_msg(user(none[i]) == -ENOENT, "%s", none[i]);
	ck_assert_int_eq(group("ann"), -ENOENT);
	ck_assert_int_eq(group("bob"), -ENOENT);
	ck_assert_int_eq(group("broken"), -ENOENT);
}
END_TEST

START_TEST(a_number_needs_no_entry_and_has_to_be_one)
{
	ck_assert_int_eq(user("0"), 0);
	ck_assert_int_eq(user("65534"), 65534);
	ck_assert_int_eq(group("4294967294"), 4294967294);
	ck_assert_int_eq(user("4294967295"), -ENOENT);
	ck_assert_int_eq(user("99999999999999999999"), -ENOENT);
	ck_assert_int_eq(user("-1"), -ENOENT);
	ck_assert_int_eq(user("0x10"), -ENOENT);
	ck_assert_int_eq(group("100 "), -ENOENT);
}
END_TEST

START_TEST(a_user_has_the_group_of_his_entry_and_those_that_name_him)
{
	gid_t groups[8];

	ck_assert_uint_eq(emf_principal_groups("ann", 1001, groups, 8), 3);
	ck_assert(groups[0] == 100 && groups[1] == 200 && groups[2] == 300);
	ck_assert_uint_eq(emf_principal_groups("1001", 1001, groups, 8), 3);
	ck_assert_uint_eq(emf_principal_groups("anna", 1002, groups, 8), 2);
	ck_assert_uint_eq(emf_principal_groups("bob", 5, groups, 8), 0);
	ck_assert_uint_eq(emf_principal_groups("5", 5, groups, 8), 0);
}
END_TEST

START_TEST(no_more_groups_are_written_than_there_is_room_for)
{
	gid_t groups[3] = { 7, 7, 7 };

	ck_assert_uint_eq(emf_principal_groups("ann", 1001, groups, 2), 2);
	ck_assert(groups[0] == 100 && groups[1] == 200 && groups[2] == 7);
	ck_assert_uint_eq(emf_principal_groups("ann", 1001, groups, 0), 0);
	ck_assert(groups[0] == 100);
}
END_TEST

START_TEST(a_group_of_thousands_is_read_to_its_end)
{
	FILE *f = fopen(group_file, "w");
	gid_t groups[8];

	fputs("many:x:400:", f);
	for (int i = 0; i < PLENTY; i++)
		fprintf(f, "somebody%d,", i);
	fputs("ann\nbehind:x:401:ann\n", f);
	fclose(f);
	ck_assert_int_eq(group("behind"), 401);
	ck_assert_uint_eq(emf_principal_groups("ann", 1001, groups, 8), 3);
	ck_assert(groups[1] == 400 && groups[2] == 401);
}
END_TEST

START_TEST(without_the_files_numbers_are_all_there_is)
{
	gid_t groups[1];

	remove(passwd_file);
	remove(group_file);
	ck_assert_int_eq(user("root"), -ENOENT);
	ck_assert_int_eq(group("root"), -ENOENT);
	ck_assert_int_eq(user("5"), 5);
	ck_assert_uint_eq(emf_principal_groups("root", 0, groups, 1), 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("principal");
	TCase *c = tcase_create("files");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, names_are_found_whole_in_their_own_file_past_lines_that_are_broken);
	tcase_add_test(c, a_name_that_is_in_no_file_or_in_the_other_one_is_nobodys);
	tcase_add_test(c, a_number_needs_no_entry_and_has_to_be_one);
	tcase_add_test(c, a_user_has_the_group_of_his_entry_and_those_that_name_him);
	tcase_add_test(c, no_more_groups_are_written_than_there_is_room_for);
	tcase_add_test(c, a_group_of_thousands_is_read_to_its_end);
	tcase_add_test(c, without_the_files_numbers_are_all_there_is);
	suite_add_tcase(s, c);
	return s;
}

int main(void)
{
	return unit_main(suite());
}
