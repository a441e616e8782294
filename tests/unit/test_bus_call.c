// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * test_bus_call.c - without these, an answer that comes later could come twice, never, or
 * to a caller that has gone; and who watches or listens could be told twice or be freed
 * while it is told.
 */
#include <errno.h>
#include <string.h>

#include "bus.h"
#include "unit.h"

/* --- a service whose provider keeps each call */

static const struct emf_record number_record = { .name = "ask", .size = sizeof(int) };

static int invoke(struct ebus_call *call, const void *args, void *reply)
{
	return (*(int (*const *)(struct ebus_call *, const void *, void *))call->client->service->ops)(call, args, reply);
}

static const struct ebus_member methods[] = { { .name = "ask", .in.record = &number_record, .out.record = &number_record,
						.invoke = invoke } };
static const struct ebus_member signals[] = { { .name = "rang" }, { .name = "stopped" } };
static struct ebus_subscription *subscriptions[2];
static struct ebus_service bell = { .name = "bell", .version = "1.0", .methods = methods, .n_methods = 1, .signals = signals,
				    .n_signals = 2, .subscriptions = subscriptions };
static struct ebus_client client = { .service = &bell };

static struct ebus_deferred kept;
static int n_cancelled;

static void on_cancelled(struct ebus_deferred *deferred)
{
	ck_assert_ptr_eq(deferred, &kept);
	n_cancelled++;
}

static int keep(struct ebus_call *call, const void *args, void *reply)
{
	(void)args;
	(void)reply;
	kept.cancelled = on_cancelled;
	return ebus_defer(call, &kept);
}

/* Says that it answers later, and keeps nothing. */
static int lie(struct ebus_call *call, const void *args, void *reply)
{
	(void)call;
	(void)args;
	(void)reply;
	return -EINPROGRESS;
}

static int positive(struct ebus_call *call, const void *args, void *reply)
{
	(void)call;
	(void)args;
	(void)reply;
	return 5;
}

static int (*const keeper)(struct ebus_call *, const void *, void *) = keep;
static int (*const liar)(struct ebus_call *, const void *, void *) = lie;
static int (*const wrong)(struct ebus_call *, const void *, void *) = positive;

/* --- its caller */

static struct module one = { .name = "one" };
static struct module *const modules[] = { &one, NULL };
static struct emf emf;
static struct ebus_async async;
static int answers, answer_err, sum;

static void on_finished(struct ebus_async *finished, int err)
{
	ck_assert_ptr_eq(finished, &async);
	answers++;
	answer_err = err;
}

static void start(uint32_t timeout_ms)
{
	static const int args = 1;

	async.timeout_ms = timeout_ms;
	async.args = &args;
	async.reply = &sum;
	async.finished = on_finished;
	ck_assert_int_eq(ebus_async_start(&async, &client, 0, &one), 0);
}

/* It was made, and the provider has it. */
static void start_kept(uint32_t timeout_ms)
{
	start(timeout_ms);
	unit_turn_until(&emf.loop, kept.waiter);
}

static void setup(void)
{
	unit_product_init(&emf, modules);
	memset(&async, 0, sizeof(async));
	memset(&kept, 0, sizeof(kept));
	n_cancelled = answers = answer_err = sum = 0;
	ck_assert_int_eq(ebus_provide(&bell, &keeper, NULL), 0);
}

static void teardown(void)
{
	ebus_async_cancel(&async);
	ebus_withdraw(&bell, NULL);
	ck_assert_ptr_null(bell.deferred);
	ck_assert_uint_eq(ebus_depth, 0);
	unit_product_fini(&emf);
}

START_TEST(a_deferred_call_is_answered_once_with_what_its_provider_says)
{
	const int reply = 42;

	start_kept(0);
	ck_assert_int_eq(answers, 0);
	ebus_answer(&kept, 0, &reply);
	ck_assert_int_eq(answers, 1);
	ck_assert_int_eq(answer_err, 0);
	ck_assert_int_eq(sum, 42);
	ebus_answer(&kept, 0, &reply);
	ebus_fail_later(&kept, "full", &reply, sizeof(reply));
	ck_assert_int_eq(answers, 1);
	ck_assert_int_eq(n_cancelled, 0);
}
END_TEST

START_TEST(a_deferred_call_may_fail_with_an_errno_or_a_typed_error)
{
	const int limit = 7;

	start_kept(0);
	ebus_fail_later(&kept, "full", &limit, sizeof(limit));
	ck_assert_int_eq(answer_err, -EREMOTEIO);
	ck_assert_ptr_nonnull(ebus_error(&client, "full"));
	ck_assert_int_eq(*(const int *)ebus_error(&client, "full"), 7);
	start_kept(0);
	ebus_answer(&kept, -EIO, NULL);
	ck_assert_int_eq(answer_err, -EIO);
	ck_assert_ptr_null(ebus_error(&client, "full"));
	ck_assert_int_eq(answers, 2);
}
END_TEST

START_TEST(who_waits_in_this_thread_cannot_be_kept_waiting)
{
	struct ebus_call call = { &client, 0, NULL };

	ck_assert_int_eq(ebus_defer(&call, &kept), -EWOULDBLOCK);
	ck_assert_ptr_null(kept.waiter);
	ebus_answer(&kept, 0, NULL); /* there is nothing to answer */
}
END_TEST

START_TEST(a_call_that_takes_too_long_is_answered_with_etimedout_and_its_provider_is_told)
{
	const int late = 1;

	start_kept(20);
	unit_turn_until(&emf.loop, answers);
	ck_assert_int_eq(answer_err, -ETIMEDOUT);
	ck_assert_int_eq(n_cancelled, 1);
	ebus_answer(&kept, 0, &late);
	ck_assert_int_eq(answers, 1);
	ck_assert_int_eq(sum, 0);
}
END_TEST

START_TEST(who_cancels_hears_nothing_more_and_the_provider_is_told_once)
{
	start_kept(20);
	ebus_async_cancel(&async);
	ebus_async_cancel(&async);
	ck_assert_int_eq(n_cancelled, 1);
	ck_assert_ptr_null(kept.waiter);
	ebus_answer(&kept, 0, NULL);
	ck_assert_int_eq(answers, 0);
}
END_TEST

START_TEST(calls_under_way_are_refused_when_the_provider_goes)
{
	start_kept(0);
	ebus_withdraw(&bell, NULL);
	ck_assert_int_eq(answer_err, -ENOTCONN);
	ck_assert_int_eq(answers, 1);
	ck_assert_int_eq(n_cancelled, 1);
}
END_TEST

START_TEST(the_calls_of_a_module_that_goes_are_cancelled)
{
	start_kept(0);
	emf_bus_remove_owner(&one);
	ck_assert_int_eq(n_cancelled, 1);
	ck_assert_int_eq(answers, 0);
	ck_assert_ptr_null(async.at);
}
END_TEST

START_TEST(a_provider_that_keeps_nothing_or_says_what_is_no_errno_is_answered_for)
{
	ebus_withdraw(&bell, NULL);
	ck_assert_int_eq(ebus_provide(&bell, &liar, NULL), 0);
	start(0);
	unit_turn_until(&emf.loop, answers == 1);
	ck_assert_int_eq(answer_err, -EPROTO);
	ebus_withdraw(&bell, NULL);
	ck_assert_int_eq(ebus_provide(&bell, &wrong, NULL), 0);
	start(0);
	unit_turn_until(&emf.loop, answers == 2);
	ck_assert_int_eq(answer_err, -EPROTO);
}
END_TEST

/* --- watching */

struct watch {
	struct ebus_watcher base;
	int told, last;
	struct watch *leaves; /* stops watching, then */
};

static void on_changed(struct ebus_watcher *base, bool provided)
{
	struct watch *w = emf_container_of(base, struct watch, base);

	w->told++;
	w->last = provided;
	if (w->leaves)
		ebus_unwatch(&w->leaves->base);
}

static void watch(struct watch *w)
{
	w->base.changed = on_changed;
	ck_assert_int_eq(ebus_watch(&client, &one, &w->base), 0);
}

START_TEST(who_watches_is_told_of_each_change_and_only_while_it_watches)
{
	struct watch w = { .last = -1 };

	watch(&w);
	ck_assert_int_eq(ebus_watch(&client, &one, &w.base), -EALREADY);
	ck_assert_int_eq(w.told, 0); /* not of what is so already */
	ebus_withdraw(&bell, &one); /* does not serve it */
	ck_assert_int_eq(w.told, 0);
	ebus_withdraw(&bell, NULL);
	ck_assert_int_eq(w.last, false);
	ck_assert_int_eq(ebus_provide(&bell, &keeper, NULL), 0);
	ck_assert_int_eq(ebus_provide(&bell, &keeper, NULL), -EEXIST);
	ck_assert_int_eq(w.last, true);
	ck_assert_int_eq(w.told, 2);
	ebus_unwatch(&w.base);
	ebus_unwatch(&w.base);
	ebus_withdraw(&bell, NULL);
	ck_assert_int_eq(w.told, 2);
}
END_TEST

START_TEST(who_watches_may_leave_and_have_the_next_one_leave_while_it_is_told)
{
	struct watch first = { .told = 0 }, second = { .told = 0 }, third = { .told = 0 };

	watch(&third);
	watch(&second);
	watch(&first); /* told first */
	first.leaves = &second;
	third.leaves = &third;
	ebus_withdraw(&bell, NULL);
	ck_assert_int_eq(first.told, 1);
	ck_assert_int_eq(second.told, 0);
	ck_assert_int_eq(third.told, 1);
	emf_bus_remove_owner(&one);
	ck_assert_int_eq(ebus_provide(&bell, &keeper, NULL), 0);
	ck_assert_int_eq(first.told + second.told + third.told, 2);
	ck_assert_ptr_null(bell.watches);
}
END_TEST

/* --- listening by pattern */

static char heard[256];

static void on_heard(struct ebus_listener *listener, const struct ebus_service *service, unsigned int signal, const void *data)
{
	(void)data;
	ck_assert_ptr_eq(service, &bell);
	strcat(heard, service->signals[signal].name);
	strcat(heard, " ");
	if (!strcmp(listener->owner->name, "one") && strlen(heard) > 100)
		ebus_unlisten(listener);
}

START_TEST(a_listener_hears_what_its_pattern_matches)
{
	struct ebus_listener all = { .heard = on_heard }, some = { .heard = on_heard }, none = { .heard = on_heard };

	heard[0] = '\0';
	ck_assert_int_eq(ebus_listen("bell.*", &one, &all), 0);
	ck_assert_int_eq(ebus_listen("bell.*", &one, &all), -EALREADY);
	ck_assert_int_eq(ebus_listen("*.st*", &one, &some), 0);
	ck_assert_int_eq(ebus_listen("bell.nothing", &one, &none), -ENOENT);
	ebus_emit(&bell, 0, NULL);
	ebus_emit(&bell, 1, NULL);
	ck_assert_str_eq(heard, "rang stopped stopped ");
	ebus_unlisten(&all);
	ebus_unlisten(&all);
	ebus_emit(&bell, 0, NULL);
	ebus_emit(&bell, 1, NULL);
	ck_assert_str_eq(heard, "rang stopped stopped stopped ");
	emf_bus_remove_owner(&one);
	ebus_emit(&bell, 1, NULL);
	ck_assert_str_eq(heard, "rang stopped stopped stopped ");
	ck_assert(!emf_bus_is_wanted(&bell, 0) && !emf_bus_is_wanted(&bell, 1));
}
END_TEST

START_TEST(a_listener_may_leave_while_it_hears)
{
	struct ebus_listener listener = { .heard = on_heard };

	heard[0] = '\0';
	ck_assert_int_eq(ebus_listen("bell.*", &one, &listener), 0);
	for (int i = 0; i < 40; i++)
		ebus_emit(&bell, 0, NULL);
	ck_assert_uint_eq(strlen(heard), 105); /* beyond a hundred it left */
	ck_assert(!emf_bus_is_wanted(&bell, 0));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("bus_call");
	TCase *calls = tcase_create("calls"), *others = tcase_create("others");

	tcase_add_checked_fixture(calls, setup, teardown);
	tcase_add_test(calls, a_deferred_call_is_answered_once_with_what_its_provider_says);
	tcase_add_test(calls, a_deferred_call_may_fail_with_an_errno_or_a_typed_error);
	tcase_add_test(calls, who_waits_in_this_thread_cannot_be_kept_waiting);
	tcase_add_test(calls, a_call_that_takes_too_long_is_answered_with_etimedout_and_its_provider_is_told);
	tcase_add_test(calls, who_cancels_hears_nothing_more_and_the_provider_is_told_once);
	tcase_add_test(calls, calls_under_way_are_refused_when_the_provider_goes);
	tcase_add_test(calls, the_calls_of_a_module_that_goes_are_cancelled);
	tcase_add_test(calls, a_provider_that_keeps_nothing_or_says_what_is_no_errno_is_answered_for);
	suite_add_tcase(s, calls);
	tcase_add_checked_fixture(others, setup, teardown);
	tcase_add_test(others, who_watches_is_told_of_each_change_and_only_while_it_watches);
	tcase_add_test(others, who_watches_may_leave_and_have_the_next_one_leave_while_it_is_told);
	tcase_add_test(others, a_listener_hears_what_its_pattern_matches);
	tcase_add_test(others, a_listener_may_leave_while_it_hears);
	suite_add_tcase(s, others);
	return s;
}

int main(void)
{
	return unit_main(suite());
}
