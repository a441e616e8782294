// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * test_life.c - without these, a module that fails could take the others with
 * it or keep what it had opened, and modules could be torn down before those
 * that depend on them.
 */
#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "life.h"
#include "unit.h"

static struct emf emf;
static struct unit_capture capture;

/* What happened, as "create a, create b, ...". */
static char story[4096];

static int tell(const char *what, const struct module *m, const char *more)
{
	size_t at = strlen(story);

	snprintf(story + at, sizeof(story) - at, "%s%s %s%s", at ? ", " : "", what, m->name, more);
	return 0;
}

static int create(struct module *m)
{
	return tell("create", m, "");
}

static int attach(struct module *m)
{
	return tell("attach", m, "");
}

static int detach(struct module *m)
{
	return tell("detach", m, "");
}

static int destroy(struct module *m)
{
	return tell("destroy", m, "");
}

static int fails(struct module *m)
{
	tell("fail", m, "");
	return -EIO;
}

static int fail_with_lost_sign(struct module *m)
{
	tell("fail", m, "");
	return EIO;
}

static int notify(struct module *m)
{
	char more[80];

	snprintf(more, sizeof(more), "(%s %s)", emf_module_event(m) == EMF_EVENT_MODULE_UP ? "up" :
		 emf_module_event(m) == EMF_EVENT_MODULE_DOWN ? "down" : "params",
		 emf_module_peer(m) ? emf_module_peer(m) : "-");
	return tell("notify", m, more);
}

static struct module a, b, c;
static struct module *const modules[] = { &a, &b, &c, NULL };

static void setup(void)
{
	a = b = c = (struct module){ .create = create, .attach = attach, .detach = detach,
				     .destroy = destroy };
	a.name = "a";
	b.name = "b";
	c.name = "c";
	unit_capture_begin(&capture, stderr);
	unit_product_init(&emf, modules);
}

static void teardown(void)
{
	unit_product_fini(&emf);
	unit_capture_end(&capture);
}

/* Start and stop; what start returns. */
static int live(void)
{
	int err = emf_life_start(&emf);

	if (!err)
		emf_life_stop(&emf);
	return err;
}

static enum emf_unit_state state_of(const struct module *m)
{
	return m->unit->state;
}

START_TEST(all_are_created_before_one_is_attached_and_the_end_is_in_reverse)
{
	ck_assert_int_eq(live(), 0);
	ck_assert_str_eq(story, "create a, create b, create c, attach a, attach b, attach c, "
				"detach c, detach b, detach a, destroy c, destroy b, destroy a");
	ck_assert_int_eq(state_of(&a), EMF_UNIT_STOPPED);
}
END_TEST

START_TEST(a_module_without_callbacks_runs)
{
	a.create = a.attach = a.detach = a.destroy = NULL;
	ck_assert_int_eq(emf_life_start(&emf), 0);
	ck_assert_int_eq(state_of(&a), EMF_UNIT_RUNNING);
	emf_life_stop(&emf);
}
END_TEST

START_TEST(a_module_that_is_not_wanted_is_left_alone)
{
	b.unit->wanted = false;
	ck_assert_int_eq(live(), 0);
	ck_assert_ptr_null(strstr(story, " b"));
	ck_assert_int_eq(state_of(&b), EMF_UNIT_IDLE);
}
END_TEST

START_TEST(a_module_whose_create_fails_is_not_destroyed_and_the_rest_runs)
{
	b.create = fails;
	ck_assert_int_eq(emf_life_start(&emf), 0);
	ck_assert_str_eq(story, "create a, fail b, create c, attach a, attach c");
	ck_assert_int_eq(state_of(&b), EMF_UNIT_FAILED);
	ck_assert_int_eq(b.unit->error, -EIO);
	ck_assert_str_eq(b.unit->why, "create failed: Input/output error");
	ck_assert_uint_eq(emf_life_running(&emf), 2);
	emf_life_stop(&emf);
	ck_assert_ptr_null(strstr(story, "destroy b"));
}
END_TEST

START_TEST(a_module_whose_attach_fails_is_destroyed_at_once_and_the_rest_runs)
{
	b.attach = fails;
	ck_assert_int_eq(emf_life_start(&emf), 0);
	ck_assert_str_eq(story, "create a, create b, create c, attach a, fail b, destroy b, attach c");
	ck_assert_int_eq(state_of(&b), EMF_UNIT_FAILED);
	ck_assert_str_eq(b.unit->why, "attach failed: Input/output error");
	emf_life_stop(&emf);
	ck_assert_str_eq(strstr(story, "attach c"),
			 "attach c, detach c, detach a, destroy c, destroy a");
}
END_TEST

START_TEST(a_positive_value_is_a_failure_too)
{
	a.create = fail_with_lost_sign;
	b.attach = fail_with_lost_sign;
	ck_assert_int_eq(emf_life_start(&emf), 0);
	ck_assert_int_eq(state_of(&a), EMF_UNIT_FAILED);
	ck_assert_int_eq(a.unit->error, -EINVAL);
	ck_assert_ptr_nonnull(strstr(a.unit->why, "create failed: it returned 5"));
	ck_assert_int_eq(state_of(&b), EMF_UNIT_FAILED);
	ck_assert_int_eq(state_of(&c), EMF_UNIT_RUNNING);
	emf_life_stop(&emf);
}
END_TEST

START_TEST(a_failed_create_of_a_required_module_stops_everything)
{
	b.flags = EMF_MODULE_REQUIRED;
	b.create = fails;
	ck_assert_int_eq(live(), -EIO);
	ck_assert_str_eq(story, "create a, fail b, destroy a");
	ck_assert_uint_eq(emf_life_running(&emf), 0);
}
END_TEST

START_TEST(a_failed_attach_of_a_required_module_stops_everything_in_reverse)
{
	b.flags = EMF_MODULE_REQUIRED;
	b.attach = fails;
	ck_assert_int_eq(live(), -EIO);
	ck_assert_str_eq(story, "create a, create b, create c, attach a, fail b, destroy b, "
				"destroy c, detach a, destroy a");
	ck_assert_int_eq(state_of(&a), EMF_UNIT_STOPPED);
	ck_assert_int_eq(state_of(&b), EMF_UNIT_FAILED);
	ck_assert_int_eq(state_of(&c), EMF_UNIT_STOPPED);
}
END_TEST

static int not_permitted(struct module *m)
{
	(void)m;
	return -EPERM;
}

START_TEST(a_missing_privilege_is_told_from_other_failures)
{
	a.create = not_permitted;
	b.create = fails;
	ck_assert_int_eq(live(), 0);
	ck_assert(a.unit->unsupported);
	ck_assert(!b.unit->unsupported);
}
END_TEST

/* --- turns */

static int polls;

static int poll_fails(struct module *m)
{
	(void)m;
	polls++;
	return -ENODEV;
}

static int poll_counts(struct module *m)
{
	(void)m;
	return ++polls;
}

START_TEST(a_negative_poll_stops_that_module_only)
{
	b.poll = poll_fails;
	ck_assert_int_eq(emf_life_start(&emf), 0);
	ck_assert_int_eq(emf_life_turn(&emf), 0);
	unit_turn_until(&emf.loop, state_of(&b) == EMF_UNIT_FAILED);
	ck_assert_str_eq(b.unit->why, "poll failed: No such device; the module was stopped");
	ck_assert_int_eq(b.unit->error, -ENODEV);
	ck_assert_int_eq(emf_life_turn(&emf), 0);
	ck_assert_int_eq(polls, 1);
	ck_assert_uint_eq(emf_life_running(&emf), 2);
	ck_assert_str_eq(strstr(story, "detach b"), "detach b, destroy b");
	emf_life_stop(&emf);
}
END_TEST

START_TEST(a_positive_poll_is_no_failure)
{
	b.poll = poll_counts;
	ck_assert_int_eq(emf_life_start(&emf), 0);
	ck_assert_int_eq(emf_life_turn(&emf), 0);
	ck_assert_int_eq(emf_life_turn(&emf), 0);
	ck_assert_int_eq(polls, 2);
	ck_assert_int_eq(state_of(&b), EMF_UNIT_RUNNING);
	emf_life_stop(&emf);
}
END_TEST

START_TEST(a_failed_poll_of_a_required_module_ends_the_product)
{
	b.flags = EMF_MODULE_REQUIRED;
	b.poll = poll_fails;
	ck_assert_int_eq(emf_life_start(&emf), 0);
	ck_assert_int_eq(emf_life_turn(&emf), -ENODEV);
	emf_life_stop(&emf);
	ck_assert_uint_eq(emf_life_running(&emf), 0);
}
END_TEST

START_TEST(a_module_can_stop_itself_without_an_error)
{
	b.flags = EMF_MODULE_REQUIRED;
	ck_assert_int_eq(emf_life_start(&emf), 0);
	emf_module_stop(&b, 0);
	ck_assert_int_eq(state_of(&b), EMF_UNIT_RUNNING);
	ck_assert_int_eq(emf_life_turn(&emf), 0);
	unit_turn_until(&emf.loop, state_of(&b) == EMF_UNIT_STOPPED);
	emf_life_stop(&emf);
}
END_TEST

START_TEST(a_module_can_stop_itself_with_an_error_of_either_sign)
{
	ck_assert_int_eq(emf_life_start(&emf), 0);
	emf_module_stop(&a, -EIO);
	emf_module_stop(&b, EIO);
	ck_assert_int_eq(emf_life_turn(&emf), 0);
	unit_turn_until(&emf.loop, emf_life_running(&emf) == 1);
	ck_assert_int_eq(state_of(&a), EMF_UNIT_FAILED);
	ck_assert_int_eq(b.unit->error, -EIO);
	ck_assert_str_eq(b.unit->why, "stopped itself: Input/output error");
	emf_life_stop(&emf);
}
END_TEST

static int stop_in_create(struct module *m)
{
	emf_module_stop(m, 0);
	return 0;
}

START_TEST(a_stop_that_is_asked_for_in_create_happens_in_the_first_turn)
{
	c.create = stop_in_create;
	ck_assert_int_eq(emf_life_start(&emf), 0);
	ck_assert_int_eq(emf_life_timeout_ms(&emf), 0);
	ck_assert_int_eq(emf_life_turn(&emf), 0);
	unit_turn_until(&emf.loop, state_of(&c) == EMF_UNIT_STOPPED);
	emf_life_stop(&emf);
}
END_TEST

static int sleep_once(struct module *m)
{
	struct timespec time = { .tv_nsec = 120 * 1000000 };

	(void)m;
	if (!polls++)
		nanosleep(&time, NULL);
	return 0;
}

START_TEST(a_poll_that_blocks_is_counted_and_named)
{
	b.poll = sleep_once;
	ck_assert_int_eq(emf_life_start(&emf), 0);
	ck_assert_int_eq(emf_life_turn(&emf), 0);
	ck_assert_int_eq(emf_life_turn(&emf), 0);
	ck_assert_uint_eq(b.unit->slow_polls, 1);
	ck_assert_int_eq(state_of(&b), EMF_UNIT_RUNNING);
	emf_life_stop(&emf);
	unit_capture_end(&capture);
	unit_contains(capture.text, "b: warning: poll blocked for ");
	unit_contains(capture.text, " ms (1 times so far)");
	unit_capture_begin(&capture, stderr);
}
END_TEST

START_TEST(the_loop_waits_no_longer_than_a_poll_is_promised)
{
	ck_assert_int_eq(emf_life_start(&emf), 0);
	ck_assert_int_eq(emf_life_timeout_ms(&emf), -1);
	a.poll = poll_counts;
	ck_assert_int_eq(emf_life_timeout_ms(&emf), EMF_POLL_MS);
	emf_life_stop(&emf);
	ck_assert_int_eq(emf_life_timeout_ms(&emf), -1);
}
END_TEST

START_TEST(a_stop_is_not_delayed_by_another_module_that_polls)
{
	a.poll = poll_counts;
	ck_assert_int_eq(emf_life_start(&emf), 0);
	emf_module_stop(&b, 0);
	ck_assert_int_eq(emf_life_timeout_ms(&emf), 0);
	emf_life_stop(&emf);
}
END_TEST

/* --- notify */

START_TEST(each_module_is_told_who_else_came)
{
	a.notify = b.notify = notify;
	c.create = fails;
	ck_assert_int_eq(emf_life_start(&emf), 0);
	ck_assert_str_eq(strstr(story, "attach b"), "attach b, notify b(up a), notify a(up b)");
	emf_life_stop(&emf);
}
END_TEST

START_TEST(a_module_is_told_who_went)
{
	ck_assert_int_eq(emf_life_start(&emf), 0);
	a.notify = c.notify = notify;
	emf_module_stop(&c, 0);
	ck_assert_int_eq(emf_life_turn(&emf), 0);
	unit_turn_until(&emf.loop, state_of(&c) == EMF_UNIT_STOPPED);
	ck_assert_str_eq(strstr(story, "detach c"), "detach c, destroy c, notify a(down c)");
	emf_life_stop(&emf);
}
END_TEST

START_TEST(there_is_no_peer_when_parameters_changed)
{
	ck_assert_int_eq(emf_life_start(&emf), 0);
	a.notify = notify;
	emf_life_notify(a.unit, EMF_EVENT_PARAMS, NULL);
	ck_assert_str_eq(strstr(story, "notify a"), "notify a(params -)");
	emf_life_stop(&emf);
}
END_TEST

/* --- one of them, while others run */

static int settled;

static void on_settled(struct emf_unit *unit)
{
	settled++;
	tell("settled", unit->m, "");
}

static void turn_until_settled(int n)
{
	uint64_t end = emf_now_ns() + 3000000000ull;

	while (settled < n && emf_now_ns() < end) {
		ck_assert_int_eq(emf_life_turn(&emf), 0);
		ck_assert_int_eq(emf_loop_turn(&emf.loop, 50), 0);
	}
	ck_assert_int_eq(settled, n);
}

START_TEST(a_stop_that_is_asked_for_ends_that_module_only_and_a_start_has_it_run_again)
{
	char why[80];

	a.notify = notify;
	settled = 0;
	ck_assert_int_eq(emf_life_start(&emf), 0);
	story[0] = '\0';
	ck_assert_int_eq(emf_life_ask_stop(b.unit, on_settled, why, sizeof(why)), 0);
	ck_assert_str_eq(story, "");
	ck_assert_int_eq(emf_life_timeout_ms(&emf), 0);
	turn_until_settled(1);
	ck_assert_int_eq(emf_life_ask_start(b.unit, on_settled, why, sizeof(why)), 0);
	ck_assert_int_eq(emf_life_timeout_ms(&emf), 0);
	turn_until_settled(2);
	ck_assert_str_eq(story, "detach b, destroy b, notify a(down b), settled b, create b, attach b, notify a(up b), settled b");
	emf_life_stop(&emf);
	ck_assert_int_eq(settled, 2);
}
END_TEST

START_TEST(what_is_under_way_already_is_refused)
{
	char why[80];

	settled = 0;
	ck_assert_int_eq(emf_life_start(&emf), 0);
	ck_assert_int_eq(emf_life_ask_start(b.unit, on_settled, why, sizeof(why)), -EALREADY);
	ck_assert_int_eq(emf_life_ask_stop(b.unit, on_settled, why, sizeof(why)), 0);
	ck_assert_int_eq(emf_life_ask_stop(b.unit, on_settled, why, sizeof(why)), -EBUSY);
	ck_assert_int_eq(emf_life_ask_start(b.unit, on_settled, why, sizeof(why)), -EBUSY);
	ck_assert_str_eq(why, "module b is being stopped");
	turn_until_settled(1);
	ck_assert_int_eq(emf_life_ask_stop(b.unit, on_settled, why, sizeof(why)), -EALREADY);
	ck_assert_int_eq(emf_life_ask_start(b.unit, on_settled, why, sizeof(why)), 0);
	ck_assert_int_eq(emf_life_ask_stop(b.unit, on_settled, why, sizeof(why)), -EBUSY);
	ck_assert_str_eq(why, "module b is being started");
	turn_until_settled(2);
	emf_life_stop(&emf);
}
END_TEST

START_TEST(a_required_module_is_not_stopped)
{
	char why[160];

	b.flags = EMF_MODULE_REQUIRED;
	ck_assert_int_eq(emf_life_start(&emf), 0);
	ck_assert_int_eq(emf_life_ask_stop(b.unit, on_settled, why, sizeof(why)), -EPERM);
	unit_contains(why, "module b is required");
	emf_life_stop(&emf);
}
END_TEST

START_TEST(a_start_that_fails_is_settled_and_unwound)
{
	char why[80];

	settled = 0;
	c.unit->wanted = false;
	c.attach = fails;
	ck_assert_int_eq(emf_life_start(&emf), 0);
	ck_assert_int_eq(state_of(&c), EMF_UNIT_IDLE);
	story[0] = '\0';
	ck_assert_int_eq(emf_life_ask_start(c.unit, on_settled, why, sizeof(why)), 0);
	turn_until_settled(1);
	ck_assert_str_eq(story, "create c, fail c, destroy c, settled c");
	ck_assert_int_eq(state_of(&c), EMF_UNIT_FAILED);
	ck_assert_int_eq(c.unit->error, -EIO);
	emf_life_stop(&emf);
}
END_TEST

static int ask_for_c(struct module *m)
{
	char why[80];

	(void)m;
	return emf_life_ask_start(c.unit, on_settled, why, sizeof(why));
}

START_TEST(a_start_that_is_asked_for_before_the_product_s_own_is_not_made_twice)
{
	settled = 0;
	a.create = ask_for_c;
	ck_assert_int_eq(emf_life_start(&emf), 0);
	turn_until_settled(1);
	unit_contains(story, "attach c, settled c");
	emf_life_stop(&emf);
}
END_TEST

START_TEST(what_notify_detach_and_destroy_return_is_logged_only)
{
	a.notify = a.detach = a.destroy = fails;
	ck_assert_int_eq(emf_life_start(&emf), 0);
	ck_assert_int_eq(state_of(&a), EMF_UNIT_RUNNING);
	emf_life_stop(&emf);
	ck_assert_int_eq(state_of(&a), EMF_UNIT_STOPPED);
	unit_capture_end(&capture);
	unit_contains(capture.text, "a: warning: notify reports: Input/output error\n");
	unit_contains(capture.text, "a: warning: detach reports: Input/output error\n");
	unit_contains(capture.text, "a: warning: destroy reports: Input/output error\n");
	unit_capture_begin(&capture, stderr);
}
END_TEST

/* --- what a module leaves behind */

static int calls;

static void ready(struct emf_fd *fd, uint32_t events)
{
	(void)fd;
	(void)events;
	calls++;
}

static void expired(struct emf_timer *timer)
{
	(void)timer;
	calls++;
}

static struct emf_fd left_fd;
static struct emf_timer left_timer;

static int leave_sources(struct module *m)
{
	left_fd = (struct emf_fd){ .fd = eventfd(1, EFD_CLOEXEC), .events = EPOLLIN, .ready = ready };
	left_timer = (struct emf_timer){ .expired = expired };
	ck_assert_int_eq(emf_fd_add(m, &left_fd), 0);
	ck_assert_int_eq(emf_timer_start(m, &left_timer, 0, 0), 0);
	return 0;
}

static int leave_sources_and_fail(struct module *m)
{
	leave_sources(m);
	return -EIO;
}

static void nothing_is_called(void)
{
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(emf_loop_turn(&emf.loop, 1), 0);
	ck_assert_int_eq(calls, 0);
	close(left_fd.fd);
}

START_TEST(sources_of_a_module_that_stopped_are_removed)
{
	a.create = leave_sources;
	ck_assert_int_eq(live(), 0);
	nothing_is_called();
}
END_TEST

START_TEST(sources_of_a_module_whose_create_failed_are_removed)
{
	a.create = leave_sources_and_fail;
	ck_assert_int_eq(emf_life_start(&emf), 0);
	nothing_is_called();
	emf_life_stop(&emf);
}
END_TEST

START_TEST(sources_of_a_module_whose_attach_failed_are_removed)
{
	a.attach = leave_sources_and_fail;
	ck_assert_int_eq(emf_life_start(&emf), 0);
	nothing_is_called();
	emf_life_stop(&emf);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("life");
	TCase *start = tcase_create("start"), *turn = tcase_create("turn");
	TCase *told = tcase_create("notify"), *left = tcase_create("sources");

	tcase_add_checked_fixture(start, setup, teardown);
	tcase_add_test(start, all_are_created_before_one_is_attached_and_the_end_is_in_reverse);
	tcase_add_test(start, a_module_without_callbacks_runs);
	tcase_add_test(start, a_module_that_is_not_wanted_is_left_alone);
	tcase_add_test(start, a_module_whose_create_fails_is_not_destroyed_and_the_rest_runs);
	tcase_add_test(start, a_module_whose_attach_fails_is_destroyed_at_once_and_the_rest_runs);
	tcase_add_test(start, a_positive_value_is_a_failure_too);
	tcase_add_test(start, a_failed_create_of_a_required_module_stops_everything);
	tcase_add_test(start, a_failed_attach_of_a_required_module_stops_everything_in_reverse);
	tcase_add_test(start, a_missing_privilege_is_told_from_other_failures);
	suite_add_tcase(s, start);
	tcase_add_checked_fixture(turn, setup, teardown);
	tcase_add_test(turn, a_negative_poll_stops_that_module_only);
	tcase_add_test(turn, a_positive_poll_is_no_failure);
	tcase_add_test(turn, a_failed_poll_of_a_required_module_ends_the_product);
	tcase_add_test(turn, a_module_can_stop_itself_without_an_error);
	tcase_add_test(turn, a_module_can_stop_itself_with_an_error_of_either_sign);
	tcase_add_test(turn, a_stop_that_is_asked_for_in_create_happens_in_the_first_turn);
	tcase_add_test(turn, a_poll_that_blocks_is_counted_and_named);
	tcase_add_test(turn, the_loop_waits_no_longer_than_a_poll_is_promised);
	tcase_add_test(turn, a_stop_is_not_delayed_by_another_module_that_polls);
	suite_add_tcase(s, turn);
	tcase_add_checked_fixture(told, setup, teardown);
	tcase_add_test(told, each_module_is_told_who_else_came);
	tcase_add_test(told, a_module_is_told_who_went);
	tcase_add_test(told, there_is_no_peer_when_parameters_changed);
	tcase_add_test(told, a_stop_that_is_asked_for_ends_that_module_only_and_a_start_has_it_run_again);
	tcase_add_test(told, what_is_under_way_already_is_refused);
	tcase_add_test(told, a_required_module_is_not_stopped);
	tcase_add_test(told, a_start_that_fails_is_settled_and_unwound);
	tcase_add_test(told, a_start_that_is_asked_for_before_the_product_s_own_is_not_made_twice);
	tcase_add_test(told, what_notify_detach_and_destroy_return_is_logged_only);
	suite_add_tcase(s, told);
	tcase_add_checked_fixture(left, setup, teardown);
	tcase_add_test(left, sources_of_a_module_that_stopped_are_removed);
	tcase_add_test(left, sources_of_a_module_whose_create_failed_are_removed);
	tcase_add_test(left, sources_of_a_module_whose_attach_failed_are_removed);
	suite_add_tcase(s, left);
	return s;
}

int main(void)
{
	return unit_main(suite());
}
