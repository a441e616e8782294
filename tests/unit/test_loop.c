// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * test_loop.c - without these, a handler that removes a source could make the
 * loop call into freed memory, timers could fire late, early or for ever, and a
 * signal could end the product or miss whom it was for.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "unit.h"

#define MS 1000000ull

static struct emf_loop loop;
static int calls;

static void setup(void)
{
	ck_assert_int_eq(emf_loop_init(&loop), 0);
}

static void teardown(void)
{
	emf_loop_fini(&loop);
}

static void turn(void)
{
	ck_assert_int_eq(emf_loop_turn(&loop, 0), 0);
}

static void wait_ms(unsigned int ms)
{
	struct timespec time = { .tv_nsec = ms * 1000000l };

	nanosleep(&time, NULL);
}

/* --- file descriptors */

static uint32_t last_events;

static void count_ready(struct emf_fd *fd, uint32_t events)
{
	(void)fd;
	last_events = events;
	calls++;
}

static struct emf_fd ready_fd(void (*ready)(struct emf_fd *, uint32_t))
{
	return (struct emf_fd){ .fd = eventfd(1, EFD_CLOEXEC), .events = EPOLLIN, .ready = ready };
}

START_TEST(a_ready_source_is_called_with_its_events_until_it_is_removed)
{
	struct emf_fd fd = ready_fd(count_ready);

	ck_assert_int_eq(emf_loop_add_fd(&loop, NULL, &fd), 0);
	turn();
	turn();
	ck_assert_int_eq(calls, 2);
	ck_assert_uint_eq(last_events, EPOLLIN);
	emf_fd_del(&fd);
	turn();
	ck_assert_int_eq(calls, 2);
	close(fd.fd);
}
END_TEST

static struct emf_fd pair[2];

static void remove_both(struct emf_fd *fd, uint32_t events)
{
	count_ready(fd, events);
	emf_fd_del(&pair[0]);
	emf_fd_del(&pair[1]);
}

/* Two sources are ready in the same turn; whichever comes first removes both. */
START_TEST(a_handler_may_remove_itself_and_another_ready_source)
{
	for (int i = 0; i < 2; i++) {
		pair[i] = ready_fd(remove_both);
		ck_assert_int_eq(emf_loop_add_fd(&loop, NULL, &pair[i]), 0);
	}
	turn();
	ck_assert_int_eq(calls, 1);
	turn();
	ck_assert_int_eq(calls, 1);
	close(pair[0].fd);
	close(pair[1].fd);
}
END_TEST

static void remove_own(struct emf_fd *fd, uint32_t events)
{
	count_ready(fd, events);
	emf_fd_del(fd);
	memset(fd, 0xff, sizeof(*fd)); /* as if it had been freed */
}

START_TEST(a_handler_may_free_its_own_source)
{
	struct emf_fd fd = ready_fd(remove_own), other = ready_fd(count_ready);
	int number = fd.fd;

	ck_assert_int_eq(emf_loop_add_fd(&loop, NULL, &fd), 0);
	ck_assert_int_eq(emf_loop_add_fd(&loop, NULL, &other), 0);
	turn();
	ck_assert_int_eq(calls, 2);
	emf_fd_del(&other);
	close(number);
	close(other.fd);
}
END_TEST

START_TEST(a_source_is_watched_for_other_events_when_modified)
{
	struct emf_fd fd = ready_fd(count_ready);

	ck_assert_int_eq(emf_fd_modify(&fd, EPOLLIN), -EINVAL);
	ck_assert_int_eq(emf_loop_add_fd(&loop, NULL, &fd), 0);
	ck_assert_int_eq(emf_fd_modify(&fd, 0), 0);
	turn();
	ck_assert_int_eq(calls, 0);
	ck_assert_int_eq(emf_fd_modify(&fd, EPOLLOUT), 0);
	turn();
	ck_assert_uint_eq(last_events, EPOLLOUT);
	emf_fd_del(&fd);
	close(fd.fd);
}
END_TEST

START_TEST(a_source_that_is_added_twice_or_has_no_handler_is_refused)
{
	struct emf_fd fd = ready_fd(count_ready), mute = ready_fd(NULL);

	ck_assert_int_eq(emf_loop_add_fd(&loop, NULL, &fd), 0);
	ck_assert_int_eq(emf_loop_add_fd(&loop, NULL, &fd), -EINVAL);
	ck_assert_int_eq(emf_loop_add_fd(&loop, NULL, &mute), -EINVAL);
	emf_fd_del(&fd);
	emf_fd_del(&fd);
	ck_assert_int_eq(emf_loop_add_fd(&loop, NULL, &fd), 0);
	emf_fd_del(&fd);
	close(fd.fd);
	close(mute.fd);
}
END_TEST

START_TEST(what_epoll_refuses_is_reported_and_not_added)
{
	struct emf_fd closed = { .fd = -1, .events = EPOLLIN, .ready = count_ready };

	ck_assert_int_eq(emf_loop_add_fd(&loop, NULL, &closed), -EBADF);
	ck_assert_int_eq(closed.source.kind, EMF_SOURCE_NONE);
	emf_fd_del(&closed);
}
END_TEST

/* --- timers */

struct tick {
	struct emf_timer timer;
	struct emf_timer *other;
	int fired;
};

static struct tick *fired_order[8];
static int n_fired;

static void count_tick(struct emf_timer *timer)
{
	struct tick *tick = emf_container_of(timer, struct tick, timer);

	tick->fired++;
	if (n_fired < 8)
		fired_order[n_fired++] = tick;
}

static void start_timer(struct emf_timer *timer, uint64_t after_ns, uint64_t interval_ns)
{
	ck_assert_int_eq(emf_loop_start_timer(&loop, NULL, timer, after_ns, interval_ns), 0);
}

START_TEST(timers_fire_in_the_order_in_which_they_are_due)
{
	struct tick late = { .timer.expired = count_tick }, soon = late, middle = late;

	/* Far enough from each other that a slow machine starts all before the first is due. */
	start_timer(&late.timer, 30 * MS, 0);
	start_timer(&soon.timer, 10 * MS, 0);
	start_timer(&middle.timer, 20 * MS, 0);
	wait_ms(35);
	unit_turn_until(&loop, n_fired == 3);
	ck_assert_ptr_eq(fired_order[0], &soon);
	ck_assert_ptr_eq(fired_order[1], &middle);
	ck_assert_ptr_eq(fired_order[2], &late);
}
END_TEST

START_TEST(a_timer_never_fires_early_and_fires_once)
{
	struct tick tick = { .timer.expired = count_tick };
	uint64_t start = emf_now_ns();

	start_timer(&tick.timer, 10 * MS, 0);
	turn();
	ck_assert(tick.fired == 0 || emf_now_ns() - start >= 10 * MS);
	unit_turn_until(&loop, tick.fired == 1);
	ck_assert_uint_ge(emf_now_ns() - start, 10 * MS);
	wait_ms(2);
	turn();
	ck_assert_int_eq(tick.fired, 1);
}
END_TEST

START_TEST(an_interval_does_not_make_up_for_missed_ticks)
{
	struct tick tick = { .timer.expired = count_tick };

	start_timer(&tick.timer, 1 * MS, 1 * MS);
	wait_ms(20);
	unit_turn_until(&loop, tick.fired == 1);
	unit_turn_until(&loop, tick.fired >= 3);
	emf_timer_stop(&tick.timer);
}
END_TEST

static void stop_own(struct emf_timer *timer)
{
	count_tick(timer);
	emf_timer_stop(timer);
}

START_TEST(a_timer_can_be_stopped_in_its_own_handler)
{
	struct tick tick = { .timer.expired = stop_own };

	start_timer(&tick.timer, 0, 1);
	wait_ms(1);
	unit_turn_until(&loop, tick.fired == 1);
	wait_ms(2);
	turn();
	ck_assert_int_eq(tick.fired, 1);
}
END_TEST

static void restart_own(struct emf_timer *timer)
{
	count_tick(timer);
	start_timer(timer, 0, 0);
}

START_TEST(a_timer_restarted_in_its_handler_fires_in_a_later_turn)
{
	struct tick tick = { .timer.expired = restart_own };

	start_timer(&tick.timer, 0, 0);
	wait_ms(1);
	unit_turn_until(&loop, tick.fired == 1);
	unit_turn_until(&loop, tick.fired == 2);
	emf_timer_stop(&tick.timer);
}
END_TEST

static void stop_other(struct emf_timer *timer)
{
	count_tick(timer);
	emf_timer_stop(emf_container_of(timer, struct tick, timer)->other);
}

START_TEST(a_timer_stopped_by_another_one_of_the_same_pass_does_not_fire)
{
	struct tick second = { .timer.expired = count_tick };
	struct tick first = { .timer.expired = stop_other, .other = &second.timer };

	start_timer(&first.timer, 1 * MS, 0);
	start_timer(&second.timer, 1 * MS, 0);
	wait_ms(3);
	unit_turn_until(&loop, first.fired == 1);
	turn();
	ck_assert_int_eq(second.fired, 0);
}
END_TEST

START_TEST(a_timer_can_be_started_anew_while_it_runs)
{
	struct tick tick = { .timer.expired = count_tick };

	start_timer(&tick.timer, 0, 0);
	start_timer(&tick.timer, 3600 * 1000 * MS, 0);
	wait_ms(2);
	turn();
	ck_assert_int_eq(tick.fired, 0);
	emf_timer_stop(&tick.timer);
	emf_timer_stop(&tick.timer);
}
END_TEST

START_TEST(a_time_beyond_the_end_of_the_clock_is_never)
{
	struct tick once = { .timer.expired = count_tick }, often = once, soon = once;

	start_timer(&once.timer, UINT64_MAX, 0);
	start_timer(&often.timer, 0, UINT64_MAX);
	start_timer(&soon.timer, 1 * MS, 0);
	unit_turn_until(&loop, soon.fired == 1);
	ck_assert_int_eq(once.fired, 0);
	ck_assert_int_eq(often.fired, 1);
	emf_timer_stop(&once.timer);
	emf_timer_stop(&often.timer);
}
END_TEST

START_TEST(a_timer_without_a_handler_is_refused)
{
	struct emf_timer mute = { 0 };

	ck_assert_int_eq(emf_loop_start_timer(&loop, NULL, &mute, 0, 0), -EINVAL);
}
END_TEST

/* --- signals */

struct heard {
	struct emf_signal signal;
	int times;
};

static void count_signal(struct emf_signal *signal)
{
	emf_container_of(signal, struct heard, signal)->times++;
}

static int add_signal(struct heard *heard, int signo, void (*received)(struct emf_signal *))
{
	*heard = (struct heard){ .signal = { .signo = signo, .received = received } };
	return emf_loop_add_signal(&loop, NULL, &heard->signal);
}

START_TEST(two_sources_may_share_a_signal)
{
	struct heard one, two, other;

	ck_assert_int_eq(add_signal(&one, SIGUSR1, count_signal), 0);
	ck_assert_int_eq(add_signal(&two, SIGUSR1, count_signal), 0);
	ck_assert_int_eq(add_signal(&other, SIGUSR2, count_signal), 0);
	raise(SIGUSR1);
	turn();
	ck_assert_int_eq(one.times, 1);
	ck_assert_int_eq(two.times, 1);
	ck_assert_int_eq(other.times, 0);
	emf_signal_del(&one.signal);
	raise(SIGUSR1);
	turn();
	ck_assert_int_eq(one.times, 1);
	ck_assert_int_eq(two.times, 2);
}
END_TEST

static struct heard both[2];

static void remove_all_signals(struct emf_signal *signal)
{
	count_signal(signal);
	emf_signal_del(&both[0].signal);
	emf_signal_del(&both[1].signal);
}

START_TEST(a_handler_may_remove_all_sources_of_its_signal)
{
	ck_assert_int_eq(add_signal(&both[0], SIGUSR1, remove_all_signals), 0);
	ck_assert_int_eq(add_signal(&both[1], SIGUSR1, remove_all_signals), 0);
	raise(SIGUSR1);
	turn();
	turn();
	ck_assert_int_eq(both[0].times + both[1].times, 1);
}
END_TEST

static void remove_and_add(struct emf_signal *signal)
{
	count_signal(signal);
	ck_assert_int_lt(emf_container_of(signal, struct heard, signal)->times, 10);
	emf_signal_del(signal);
	ck_assert_int_eq(emf_loop_add_signal(&loop, NULL, signal), 0);
}

START_TEST(a_source_added_by_a_handler_waits_for_the_next_signal)
{
	struct heard heard, behind;

	ck_assert_int_eq(add_signal(&heard, SIGUSR1, remove_and_add), 0);
	ck_assert_int_eq(add_signal(&behind, SIGUSR1, count_signal), 0);
	raise(SIGUSR1);
	turn();
	ck_assert_int_eq(heard.times, 1);
	ck_assert_int_eq(behind.times, 1);
	raise(SIGUSR1);
	turn();
	ck_assert_int_eq(heard.times, 2);
	ck_assert_int_eq(behind.times, 2);
}
END_TEST

START_TEST(a_signal_that_comes_before_its_source_is_removed_does_not_kill)
{
	struct heard heard;
	sigset_t now;

	ck_assert_int_eq(add_signal(&heard, SIGUSR1, count_signal), 0);
	raise(SIGUSR1);
	emf_signal_del(&heard.signal);
	turn();
	ck_assert_int_eq(heard.times, 0);
	pthread_sigmask(SIG_BLOCK, NULL, &now);
	ck_assert_int_eq(sigismember(&now, SIGUSR1), 0);
}
END_TEST

static const int refused[] = { SIGINT, SIGTERM, SIGKILL, SIGSTOP, 0, -1, 1000 };

START_TEST(a_signal_that_ends_the_product_or_is_none_is_refused)
{
	struct heard heard;

	ck_assert_int_eq(add_signal(&heard, refused[_i], count_signal), -EINVAL);
}
END_TEST

START_TEST(a_signal_source_that_is_added_twice_or_has_no_handler_is_refused)
{
	struct heard heard, mute;

	ck_assert_int_eq(add_signal(&mute, SIGUSR1, NULL), -EINVAL);
	ck_assert_int_eq(add_signal(&heard, SIGUSR1, count_signal), 0);
	ck_assert_int_eq(emf_loop_add_signal(&loop, NULL, &heard.signal), -EINVAL);
	emf_signal_del(&heard.signal);
	emf_signal_del(&heard.signal);
}
END_TEST

/* --- owners */

START_TEST(all_sources_of_an_owner_are_removed_and_no_others)
{
	struct module leaver = { .name = "leaver" }, stayer = { .name = "stayer" };
	struct emf_fd gone = ready_fd(count_ready), kept = ready_fd(count_ready);
	struct tick timer = { .timer.expired = count_tick };
	struct heard heard = { .signal = { .signo = SIGUSR1, .received = count_signal } };

	ck_assert_int_eq(emf_loop_add_fd(&loop, &leaver, &gone), 0);
	ck_assert_int_eq(emf_loop_add_fd(&loop, &stayer, &kept), 0);
	ck_assert_int_eq(emf_loop_start_timer(&loop, &leaver, &timer.timer, 0, 1), 0);
	ck_assert_int_eq(emf_loop_add_signal(&loop, &leaver, &heard.signal), 0);
	emf_loop_remove_owner(&loop, &leaver);
	wait_ms(1);
	turn();
	ck_assert_int_eq(calls, 1);
	ck_assert_int_eq(timer.fired, 0);
	ck_assert_int_eq(gone.source.kind, EMF_SOURCE_NONE);
	ck_assert_int_eq(timer.timer.source.kind, EMF_SOURCE_NONE);
	ck_assert_int_eq(heard.signal.source.kind, EMF_SOURCE_NONE);
	emf_fd_del(&kept);
	close(gone.fd);
	close(kept.fd);
}
END_TEST

START_TEST(an_interval_keeps_its_owner)
{
	struct module owner = { .name = "owner" };
	struct tick tick = { .timer.expired = count_tick };

	ck_assert_int_eq(emf_loop_start_timer(&loop, &owner, &tick.timer, 0, 1), 0);
	wait_ms(1);
	unit_turn_until(&loop, tick.fired == 1);
	emf_loop_remove_owner(&loop, &owner);
	ck_assert_int_eq(tick.timer.source.kind, EMF_SOURCE_NONE);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("loop");
	TCase *fds = tcase_create("sources"), *timers = tcase_create("timers");
	TCase *signals = tcase_create("signals"), *owners = tcase_create("owners");

	tcase_add_checked_fixture(fds, setup, teardown);
	tcase_add_test(fds, a_ready_source_is_called_with_its_events_until_it_is_removed);
	tcase_add_test(fds, a_handler_may_remove_itself_and_another_ready_source);
	tcase_add_test(fds, a_handler_may_free_its_own_source);
	tcase_add_test(fds, a_source_is_watched_for_other_events_when_modified);
	tcase_add_test(fds, a_source_that_is_added_twice_or_has_no_handler_is_refused);
	tcase_add_test(fds, what_epoll_refuses_is_reported_and_not_added);
	suite_add_tcase(s, fds);
	tcase_add_checked_fixture(timers, setup, teardown);
	tcase_add_test(timers, timers_fire_in_the_order_in_which_they_are_due);
	tcase_add_test(timers, a_timer_never_fires_early_and_fires_once);
	tcase_add_test(timers, an_interval_does_not_make_up_for_missed_ticks);
	tcase_add_test(timers, a_timer_can_be_stopped_in_its_own_handler);
	tcase_add_test(timers, a_timer_restarted_in_its_handler_fires_in_a_later_turn);
	tcase_add_test(timers, a_timer_stopped_by_another_one_of_the_same_pass_does_not_fire);
	tcase_add_test(timers, a_timer_can_be_started_anew_while_it_runs);
	tcase_add_test(timers, a_time_beyond_the_end_of_the_clock_is_never);
	tcase_add_test(timers, a_timer_without_a_handler_is_refused);
	suite_add_tcase(s, timers);
	tcase_add_checked_fixture(signals, setup, teardown);
	tcase_add_test(signals, two_sources_may_share_a_signal);
	tcase_add_test(signals, a_handler_may_remove_all_sources_of_its_signal);
	tcase_add_test(signals, a_source_added_by_a_handler_waits_for_the_next_signal);
	tcase_add_test(signals, a_signal_that_comes_before_its_source_is_removed_does_not_kill);
	tcase_add_loop_test(signals, a_signal_that_ends_the_product_or_is_none_is_refused, 0,
			    sizeof(refused) / sizeof(*refused));
	tcase_add_test(signals, a_signal_source_that_is_added_twice_or_has_no_handler_is_refused);
	suite_add_tcase(s, signals);
	tcase_add_checked_fixture(owners, setup, teardown);
	tcase_add_test(owners, all_sources_of_an_owner_are_removed_and_no_others);
	tcase_add_test(owners, an_interval_keeps_its_owner);
	suite_add_tcase(s, owners);
	return s;
}

int main(void)
{
	return unit_main(suite());
}
