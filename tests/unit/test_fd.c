// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * test_fd.c - without these, a process that is to hold nothing of the product would hold it, or lose what it speaks by.
 */
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fd.h"
#include "unit.h"

#define LAST 12

static uint32_t *open_ones; /* a bit for each of 0 to LAST, after the call; shared with the process that makes it */

/* In a process of its own, with all of them open before. */
static uint32_t left(int a, int b)
{
	int status, null;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (!pid) {
		null = open("/dev/null", O_RDWR);
		for (int fd = 0; fd <= LAST; fd++)
			dup2(null, fd);
		emf_fd_close_others(a, b);
		for (int fd = 0; fd <= LAST; fd++)
			*open_ones |= fcntl(fd, F_GETFD) >= 0 ? 1u << fd : 0;
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	return *open_ones;
}

static void setup(void)
{
	open_ones = mmap(NULL, sizeof(*open_ones), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert(open_ones != MAP_FAILED);
}

static void teardown(void)
{
	munmap(open_ones, sizeof(*open_ones));
}

static const struct {
	int a, b;
	uint32_t left;
} cases[] = {
	{ 5, 9, 0x7 | 1u << 5 | 1u << 9 }, { 9, 5, 0x7 | 1u << 5 | 1u << 9 }, { 3, 4, 0x7 | 1u << 3 | 1u << 4 }, { 6, 6, 0x7 | 1u << 6 },
	{ -1, 7, 0x7 | 1u << 7 }, { 7, -1, 0x7 | 1u << 7 }, { 0, 7, 0x7 | 1u << 7 }, { 2, 1, 0x7 }, { -1, -1, 0x7 }, { 3, -1, 0x7 | 1u << 3 },
};

START_TEST(the_first_three_and_those_that_are_named_stay_open_and_no_others)
{
	ck_assert_uint_eq(left(cases[_i].a, cases[_i].b), cases[_i].left);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("fd");
	TCase *c = tcase_create("close");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_loop_test(c, the_first_three_and_those_that_are_named_stay_open_and_no_others, 0, sizeof(cases) / sizeof(cases[0]));
	suite_add_tcase(s, c);
	return s;
}

int main(void)
{
	return unit_main(suite());
}
