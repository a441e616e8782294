// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * test_rundir.c - without these, a product could put its socket or its logs
 * where somebody else waits for them, or cut a path and use another one.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rundir.h"
#include "unit.h"

static char base[64], path[RUNDIR_PATH_MAX];

/* Nobody, with a folder of its own: what root has is the system's. */
static void setup(void)
{
	unit_nobody_begin();
	unit_folder_new(base);
	setenv("XDG_RUNTIME_DIR", base, 1);
	setenv("TMPDIR", base, 1);
	unsetenv("EMF_BUS");
}

static void teardown(void)
{
	unit_folder_remove(base);
	unit_nobody_end();
}

static char *below(const char *name)
{
	static char joined[512];

	snprintf(joined, sizeof(joined), "%s/%s", base, name);
	return joined;
}

START_TEST(the_folder_of_a_user_is_made_in_the_runtime_folder)
{
	struct stat st;

	ck_assert_int_eq(emf_rundir(path), 0);
	ck_assert_str_eq(path, below("emf"));
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 022, 0);
	ck_assert_int_eq(emf_rundir(path), 0);
}
END_TEST

START_TEST(without_a_runtime_folder_a_user_has_none)
{
	unsetenv("XDG_RUNTIME_DIR");
	ck_assert_int_eq(emf_rundir(path), -ENOENT);
	ck_assert_int_eq(emf_rundir_socket("p", path), -ENOENT);
	ck_assert_int_eq(chdir(base), 0);
	setenv("XDG_RUNTIME_DIR", ".", 1);
	ck_assert_int_eq(emf_rundir(path), -ENOENT);
}
END_TEST

START_TEST(a_folder_that_others_can_write_to_is_refused)
{
	ck_assert_int_eq(mkdir(below("emf"), 0755), 0);
	ck_assert_int_eq(chmod(below("emf"), 0775), 0);
	ck_assert_int_eq(emf_rundir(path), -EPERM);
	ck_assert_int_eq(chmod(below("emf"), 0757), 0);
	ck_assert_int_eq(emf_rundir(path), -EPERM);
	ck_assert_int_eq(chmod(below("emf"), 0700), 0);
	ck_assert_int_eq(emf_rundir(path), 0);
}
END_TEST

START_TEST(a_symbolic_link_or_a_file_in_its_place_is_refused)
{
	ck_assert_int_eq(symlink(base, below("emf")), 0);
	ck_assert_int_eq(emf_rundir(path), -EPERM);
	ck_assert_int_eq(unlink(below("emf")), 0);
	close(open(below("emf"), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	ck_assert_int_eq(emf_rundir(path), -EPERM);
}
END_TEST

START_TEST(the_folder_of_somebody_else_is_refused)
{
	ck_assert_int_eq(emf_rundir(path), 0);
	unit_nobody_end();
	if (geteuid() == 0) {
		ck_assert_int_eq(lchown(below("emf"), 0, 0), 0);
		unit_nobody_begin();
		ck_assert_int_eq(emf_rundir(path), -EPERM);
		unit_nobody_end();
		ck_assert_int_eq(rmdir(below("emf")), 0);
	}
	unit_nobody_begin();
}
END_TEST

START_TEST(the_socket_is_named_after_the_product)
{
	ck_assert_int_eq(emf_rundir_socket("nettop", path), 0);
	ck_assert_str_eq(path, below("emf/nettop.sock"));
}
END_TEST

START_TEST(the_environment_names_another_socket)
{
	setenv("EMF_BUS", "/somewhere/else", 1);
	ck_assert_int_eq(emf_rundir_socket("nettop", path), 0);
	ck_assert_str_eq(path, "/somewhere/else");
	ck_assert_str_eq(emf_rundir_given(), "/somewhere/else");
	setenv("EMF_BUS", "", 1);
	ck_assert_ptr_null(emf_rundir_given());
	ck_assert_int_eq(emf_rundir_socket("nettop", path), 0);
	ck_assert_str_eq(path, below("emf/nettop.sock"));
}
END_TEST

START_TEST(a_socket_path_that_the_kernel_would_cut_is_refused)
{
	char long_path[300];

	memset(long_path, 'x', sizeof(long_path));
	long_path[0] = '/';
	long_path[108] = '\0'; /* sun_path holds 108 bytes, the last of them NUL */
	setenv("EMF_BUS", long_path, 1);
	ck_assert_int_eq(emf_rundir_socket("p", path), -ENAMETOOLONG);
	long_path[107] = '\0';
	setenv("EMF_BUS", long_path, 1);
	ck_assert_int_eq(emf_rundir_socket("p", path), 0);
	unsetenv("EMF_BUS");
	long_path[107] = 'x';
	long_path[108] = 'x';
	long_path[299] = '\0';
	setenv("XDG_RUNTIME_DIR", long_path, 1);
	ck_assert_int_eq(emf_rundir_socket("p", path), -ENAMETOOLONG);
	ck_assert_int_eq(emf_rundir(path), -ENAMETOOLONG);
}
END_TEST

START_TEST(a_new_file_is_its_owners_and_replaces_an_old_one)
{
	struct stat st;
	int fd = emf_rundir_create("a.log", path);

	ck_assert_int_ge(fd, 0);
	ck_assert_str_eq(path, below("emf/a.log"));
	ck_assert_int_eq(write(fd, "old", 3), 3);
	close(fd);
	fd = emf_rundir_create("a.log", path);
	ck_assert_str_eq(path, below("emf/a.log"));
	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_int_eq(st.st_size, 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	close(fd);
}
END_TEST

START_TEST(a_link_in_the_place_of_a_new_file_is_not_followed)
{
	struct stat st;
	int fd;

	ck_assert_int_eq(emf_rundir(path), 0);
	ck_assert_int_eq(symlink("../victim", below("emf/a.log")), 0);
	fd = emf_rundir_create("a.log", path);
	ck_assert_int_ge(fd, 0);
	close(fd);
	ck_assert_int_eq(stat(below("victim"), &st), -1);
}
END_TEST

START_TEST(without_a_folder_a_new_file_is_a_temporary_one)
{
	int fd;

	unsetenv("XDG_RUNTIME_DIR");
	fd = emf_rundir_create("a.log", path);
	ck_assert_int_ge(fd, 0);
	close(fd);
	ck_assert_msg(!strncmp(path, below("emf-a.log."), strlen(below("emf-a.log."))), "%s", path);
}
END_TEST

/* Deep enough for a path that is legal and longer than half of its buffer. */
START_TEST(a_long_path_is_used_whole_or_not_at_all)
{
	char deep[256];
	int fd;

	snprintf(deep, sizeof(deep), "%s/%0100d", base, 0);
	ck_assert_int_eq(mkdir(deep, 0700), 0);
	setenv("XDG_RUNTIME_DIR", deep, 1);
	fd = emf_rundir_create("a.log", path);
	ck_assert_int_ge(fd, 0);
	close(fd);
	strcat(deep, "/emf/a.log");
	ck_assert_str_eq(path, deep);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("rundir");
	TCase *c = tcase_create("folder");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, the_folder_of_a_user_is_made_in_the_runtime_folder);
	tcase_add_test(c, without_a_runtime_folder_a_user_has_none);
	tcase_add_test(c, a_folder_that_others_can_write_to_is_refused);
	tcase_add_test(c, a_symbolic_link_or_a_file_in_its_place_is_refused);
	tcase_add_test(c, the_folder_of_somebody_else_is_refused);
	tcase_add_test(c, the_socket_is_named_after_the_product);
	tcase_add_test(c, the_environment_names_another_socket);
	tcase_add_test(c, a_socket_path_that_the_kernel_would_cut_is_refused);
	tcase_add_test(c, a_new_file_is_its_owners_and_replaces_an_old_one);
	tcase_add_test(c, a_link_in_the_place_of_a_new_file_is_not_followed);
	tcase_add_test(c, without_a_folder_a_new_file_is_a_temporary_one);
	tcase_add_test(c, a_long_path_is_used_whole_or_not_at_all);
	suite_add_tcase(s, c);
	return s;
}

int main(void)
{
	return unit_main(suite());
}
