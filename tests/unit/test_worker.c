// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * test_worker.c - without these, the end of a blocking call could be told on
 * the wrong thread, out of order or never, and a product could hang at its end.
 */
#include <sys/eventfd.h>
#include <unistd.h>

#include "unit.h"

struct job {
	struct emf_work work;
	pthread_t ran_on, done_on;
	int number;
	int again; /* how often done submits it anew */
	unsigned int runs;
};

static struct emf_loop loop;
static struct emf_worker worker;
static int ran[16], n_ran; /* read when all is done */
static int order[16], n_done;

static void run(struct emf_work *work)
{
	struct job *job = emf_container_of(work, struct job, work);

	job->ran_on = pthread_self();
	ran[n_ran++] = job->number;
	job->runs++;
}

static void done(struct emf_work *work)
{
	struct job *job = emf_container_of(work, struct job, work);

	job->done_on = pthread_self();
	order[n_done++] = job->number;
	if (job->again-- > 0)
		emf_worker_submit(&worker, work);
}

static void submit(struct job *job, int number)
{
	job->work = (struct emf_work){ .run = run, .done = done };
	job->number = number;
	emf_worker_submit(&worker, &job->work);
}

static void setup(void)
{
	ck_assert_int_eq(emf_loop_init(&loop), 0);
	ck_assert_int_eq(emf_worker_init(&worker, &loop), 0);
}

static void teardown(void)
{
	emf_worker_fini(&worker);
	emf_loop_fini(&loop);
}

START_TEST(a_work_runs_elsewhere_and_is_done_on_the_loop_thread)
{
	struct job job = { 0 };

	submit(&job, 1);
	unit_turn_until(&loop, n_done == 1);
	ck_assert(!pthread_equal(job.ran_on, pthread_self()));
	ck_assert(pthread_equal(job.done_on, pthread_self()));
}
END_TEST

START_TEST(done_is_never_called_before_the_loop_turns)
{
	struct job job = { 0 };

	submit(&job, 1);
	usleep(2000);
	ck_assert_int_eq(n_done, 0);
	unit_turn_until(&loop, n_done == 1);
}
END_TEST

static int gate, counted;

static void wait_for_gate(struct emf_work *work)
{
	eventfd_t value;

	(void)work;
	eventfd_read(gate, &value);
}

static void count(struct emf_work *work)
{
	(void)work;
	counted++;
}

START_TEST(works_run_and_are_done_in_the_order_of_submission)
{
	struct job jobs[8] = { 0 };
	struct emf_work first = { .run = wait_for_gate, .done = count };

	/* Nothing runs before all are in the queue. */
	gate = eventfd(0, EFD_CLOEXEC);
	emf_worker_submit(&worker, &first);
	for (int i = 0; i < 8; i++)
		submit(&jobs[i], i);
	ck_assert_int_eq(eventfd_write(gate, 1), 0);
	unit_turn_until(&loop, n_done == 8);
	close(gate);
	ck_assert_int_eq(counted, 1);
	for (int i = 0; i < 8; i++) {
		ck_assert_int_eq(ran[i], i);
		ck_assert_int_eq(order[i], i);
	}
}
END_TEST

START_TEST(flush_waits_for_all_that_was_submitted)
{
	struct job jobs[3] = { 0 };

	for (int i = 0; i < 3; i++)
		submit(&jobs[i], i);
	emf_worker_flush(&worker, NULL, NULL);
	ck_assert_int_eq(n_done, 3);
}
END_TEST

START_TEST(flush_without_work_returns)
{
	emf_worker_flush(&worker, NULL, NULL);
	ck_assert(!worker.started);
}
END_TEST

START_TEST(a_work_may_be_submitted_again_when_it_is_done)
{
	struct job job = { .again = 2 };

	submit(&job, 1);
	emf_worker_flush(&worker, NULL, NULL);
	ck_assert_uint_eq(job.runs, 3);
	ck_assert_int_eq(n_done, 3);
}
END_TEST

static void flush_when_done(struct emf_work *work)
{
	(void)work;
	emf_worker_flush(&worker, NULL, NULL);
	n_done++;
}

START_TEST(flush_may_be_called_when_a_work_is_done_and_others_are_too)
{
	struct job first = { .work = { .run = run, .done = flush_when_done } }, second = { 0 };

	emf_worker_submit(&worker, &first.work);
	submit(&second, 2);
	/* Both have run before the first is told. */
	usleep(20000);
	unit_turn_until(&loop, n_done == 2);
}
END_TEST

START_TEST(fini_waits_for_what_was_submitted)
{
	struct job job = { 0 };

	submit(&job, 1);
	teardown();
	ck_assert_int_eq(n_done, 1);
	setup();
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("worker");
	TCase *c = tcase_create("works");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, a_work_runs_elsewhere_and_is_done_on_the_loop_thread);
	tcase_add_test(c, done_is_never_called_before_the_loop_turns);
	tcase_add_test(c, works_run_and_are_done_in_the_order_of_submission);
	tcase_add_test(c, flush_waits_for_all_that_was_submitted);
	tcase_add_test(c, flush_without_work_returns);
	tcase_add_test(c, a_work_may_be_submitted_again_when_it_is_done);
	tcase_add_test(c, flush_may_be_called_when_a_work_is_done_and_others_are_too);
	tcase_add_test(c, fini_waits_for_what_was_submitted);
	suite_add_tcase(s, c);
	return s;
}

int main(void)
{
	return unit_main(suite());
}
