// SPDX-License-Identifier: BSD-2-Clause
/*
 * test_loop.c - without these, a handler that removes a source could make the
 * loop call into freed memory, and timers could fire late, early or for ever.
 */
#include <sys/eventfd.h>
#include <unistd.h>

#include "unit.h"

struct pair {
	struct emf_fd a, b;
	int calls;
};

static struct emf_loop loop;

static void setup(void)
{
	ck_assert_int_eq(emf_loop_init(&loop), 0);
}

static void teardown(void)
{
	emf_loop_fini(&loop);
}

/* Two sources are ready in the same turn; whichever comes first removes both. */
static struct pair pair;

static void remove_both(struct emf_fd *fd, uint32_t events)
{
	(void)fd;
	(void)events;
	pair.calls++;
	emf_fd_del(&pair.a);
	emf_fd_del(&pair.b);
}

START_TEST(a_handler_may_remove_itself_and_another_ready_source)
{
	pair.a = (struct emf_fd){ .fd = eventfd(1, 0), .events = EPOLLIN, .ready = remove_both };
	pair.b = (struct emf_fd){ .fd = eventfd(1, 0), .events = EPOLLIN, .ready = remove_both };
	ck_assert_int_eq(emf_loop_add_fd(&loop, NULL, &pair.a), 0);
	ck_assert_int_eq(emf_loop_add_fd(&loop, NULL, &pair.b), 0);
	ck_assert_int_eq(emf_loop_turn(&loop, 0), 0);
	ck_assert_int_eq(pair.calls, 1);
	ck_assert_int_eq(emf_loop_turn(&loop, 0), 0);
	ck_assert_int_eq(pair.calls, 1);
	close(pair.a.fd);
	close(pair.b.fd);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("loop");
	TCase *c = tcase_create("sources");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, a_handler_may_remove_itself_and_another_ready_source);
	suite_add_tcase(s, c);
	return s;
}

int main(void)
{
	return unit_main(suite());
}
