// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * test_bus.c - without these, a call could reach a module that has gone, a cycle could
 * end the process, and a listener that comes or goes inside of a signal could be called
 * twice, or after it was freed.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bus.h"
#include "bus_module.h"
#include "life.h"
#include "unit.h"

/* --- a service, as emfgen writes one */

struct calc_args {
	int a, b;
};

struct calc_overflow {
	int limit;
};

struct calc_ops {
	int (*add)(struct ebus_call *call, const struct calc_args *args, int *sum);
};

enum { CALC_TICK, CALC_TOCK, CALC_SIGNALS };

static const struct emf_record args_record = { .name = "add", .size = sizeof(struct calc_args) };
static const struct emf_record sum_record = { .name = "add", .size = sizeof(int) };

static int invoke_add(struct ebus_call *call, const void *args, void *sum)
{
	return ((const struct calc_ops *)call->client->service->ops)->add(call, args, sum);
}

static const struct ebus_member methods[] = { { .name = "add", .in.record = &args_record, .out.record = &sum_record,
						.invoke = invoke_add } };
static const struct ebus_member signals[] = { { .name = "tick" }, { .name = "tock" } };
static struct ebus_subscription *subscriptions[CALC_SIGNALS];
static struct ebus_service calc = { .name = "calc", .version = "1.0", .methods = methods, .n_methods = 1,
				    .signals = signals, .n_signals = CALC_SIGNALS, .subscriptions = subscriptions };
static struct ebus_client client = { .service = &calc, .waiting = { .client = &client } };

static int call_add(const struct calc_args *args, int *sum)
{
	unsigned int depth = ebus_depth;
	int err = ebus_call_begin(&client, depth);

	if (err)
		return err;
	err = ((const struct calc_ops *)calc.ops)->add(&client.waiting, args, sum);
	return ebus_call_end(&client, depth, err);
}

/* --- its providers */

static unsigned int deepest;

static int add(struct ebus_call *call, const struct calc_args *args, int *sum)
{
	const struct calc_overflow overflow = { 100 };

	deepest = ebus_depth > deepest ? ebus_depth : deepest;
	if (args->a + args->b > overflow.limit)
		return ebus_fail(call, "overflow", &overflow, sizeof(overflow));
	if (args->b < 0)
		return -EDOM;
	*sum = args->a + args->b;
	return 0;
}

/* a + b by b calls inside of each other. */
static int count_up(struct ebus_call *call, const struct calc_args *args, int *sum)
{
	const struct calc_args less = { args->a, args->b - 1 };
	int err;

	deepest = ebus_depth > deepest ? ebus_depth : deepest;
	if (!args->b)
		return add(call, args, sum);
	err = call_add(&less, sum);
	*sum += !err;
	return err;
}

static const struct calc_ops plain = { add }, recursive = { count_up };
static const struct emf_provided provides[] = { { &calc, &plain }, { NULL, NULL } };
static const struct emf_provided provides_recursive[] = { { &calc, &recursive }, { NULL, NULL } };
static const struct emf_used uses[] = { { &calc, false }, { NULL, false } };
static const struct emf_used uses_optional[] = { { &calc, true }, { NULL, false } };

static struct module one, two, three;
static struct module *const modules[] = { &one, &two, &three, NULL };
static struct unit_capture capture;
static struct emf emf;
static char story[1024]; /* who was called with what: "a1 b1 " */

static void setup(void)
{
	one = (struct module){ .name = "one" };
	two = (struct module){ .name = "two" };
	three = (struct module){ .name = "three" };
	memset(subscriptions, 0, sizeof(subscriptions));
	calc.ops = NULL;
	calc.provider = NULL;
	story[0] = '\0';
	deepest = 0;
	unit_capture_begin(&capture, stderr);
	unit_product_init(&emf, modules);
}

static void teardown(void)
{
	unit_product_fini(&emf);
	unit_capture_end(&capture);
	ck_assert_uint_eq(ebus_depth, 0);
}

static void tell(const char *word, int number)
{
	size_t at = strlen(story);

	snprintf(story + at, sizeof(story) - at, "%s%d ", word, number);
}

/* --- calls */

START_TEST(a_call_reaches_the_provider_and_its_answer_the_caller)
{
	const struct calc_args args = { 2, 3 };
	int sum = 0;

	one.provides = provides;
	ck_assert_int_eq(emf_bus_provide(&one, NULL, 0), 0);
	ck_assert_int_eq(call_add(&args, &sum), 0);
	ck_assert_int_eq(sum, 5);
	ck_assert_uint_eq(deepest, 1);
	ck_assert_uint_eq(ebus_depth, 0);
}
END_TEST

START_TEST(without_a_provider_and_after_it_withdrew_a_call_is_answered_with_enotconn)
{
	const struct calc_args args = { 2, 3 };
	int sum = 7;

	ck_assert_int_eq(call_add(&args, &sum), -ENOTCONN);
	one.provides = provides;
	ck_assert_int_eq(emf_bus_provide(&one, NULL, 0), 0);
	ck_assert_int_eq(call_add(&args, &sum), 0);
	emf_bus_withdraw(&one);
	ck_assert_int_eq(call_add(&args, &sum), -ENOTCONN);
	ck_assert_ptr_null(calc.provider);
	ck_assert_int_eq(sum, 5);
	emf_bus_withdraw(&one);
	ck_assert_int_eq(emf_bus_provide(&one, NULL, 0), 0);
}
END_TEST

static struct module *serving;

static int who(struct ebus_call *call, const struct calc_args *args, int *sum)
{
	(void)args;
	(void)sum;
	serving = ebus_call_module(call);
	return (int)call->method;
}

START_TEST(a_provider_learns_which_module_of_it_is_called)
{
	static const struct calc_ops ops = { who };
	const struct emf_provided provided[] = { { &calc, &ops }, { NULL, NULL } };
	const struct calc_args args = { 0, 0 };

	two.provides = provided;
	ck_assert_int_eq(emf_bus_provide(&two, NULL, 0), 0);
	ck_assert_int_eq(call_add(&args, NULL), 0);
	ck_assert_ptr_eq(serving, &two);
}
END_TEST

START_TEST(a_call_may_call_in_turn)
{
	const struct calc_args args = { 10, EBUS_DEPTH_MAX - 1 };
	int sum = 0;

	one.provides = provides_recursive;
	ck_assert_int_eq(emf_bus_provide(&one, NULL, 0), 0);
	ck_assert_int_eq(call_add(&args, &sum), 0);
	ck_assert_int_eq(sum, 10 + EBUS_DEPTH_MAX - 1);
	ck_assert_uint_eq(deepest, EBUS_DEPTH_MAX);
}
END_TEST

START_TEST(a_cycle_of_calls_ends_with_eloop_and_the_next_call_is_served_again)
{
	const struct calc_args endless = { 10, EBUS_DEPTH_MAX }, few = { 10, 2 };
	int sum = 0;

	one.provides = provides_recursive;
	ck_assert_int_eq(emf_bus_provide(&one, NULL, 0), 0);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(call_add(&endless, &sum), -ELOOP);
		ck_assert_uint_eq(ebus_depth, 0);
	}
	ck_assert_int_eq(call_add(&few, &sum), 0);
	ck_assert_int_eq(sum, 12);
}
END_TEST

START_TEST(after_calls_that_failed_nothing_is_inside_of_a_call)
{
	const struct calc_args overflows = { 99, 2 }, fails = { 1, -1 };
	int sum;

	ck_assert_int_eq(call_add(&fails, &sum), -ENOTCONN);
	one.provides = provides;
	ck_assert_int_eq(emf_bus_provide(&one, NULL, 0), 0);
	for (int i = 0; i < 2 * EBUS_DEPTH_MAX; i++) {
		ck_assert_int_eq(call_add(&fails, &sum), -EDOM);
		ck_assert_int_eq(call_add(&overflows, &sum), -EREMOTEIO);
	}
	ck_assert_uint_eq(ebus_depth, 0);
}
END_TEST

START_TEST(a_typed_error_comes_back_by_its_name_with_what_it_carries)
{
	const struct calc_args args = { 99, 2 };
	const struct calc_overflow *overflow;
	int sum;

	one.provides = provides;
	ck_assert_int_eq(emf_bus_provide(&one, NULL, 0), 0);
	ck_assert_int_eq(call_add(&args, &sum), -EREMOTEIO);
	overflow = ebus_error(&client, "overflow");
	ck_assert_ptr_nonnull(overflow);
	ck_assert_int_eq(overflow->limit, 100);
	ck_assert_ptr_null(ebus_error(&client, "underflow"));
}
END_TEST

START_TEST(a_typed_error_is_forgotten_by_the_next_call_whatever_becomes_of_that)
{
	const struct calc_args overflows = { 99, 2 }, fine = { 1, 1 }, fails = { 1, -1 };
	int sum;

	one.provides = provides;
	ck_assert_int_eq(emf_bus_provide(&one, NULL, 0), 0);
	ck_assert_int_eq(call_add(&overflows, &sum), -EREMOTEIO);
	ck_assert_int_eq(call_add(&fine, &sum), 0);
	ck_assert_ptr_null(ebus_error(&client, "overflow"));
	ck_assert_int_eq(call_add(&overflows, &sum), -EREMOTEIO);
	ck_assert_int_eq(call_add(&fails, &sum), -EDOM);
	ck_assert_ptr_null(ebus_error(&client, "overflow"));
	ck_assert_int_eq(call_add(&overflows, &sum), -EREMOTEIO);
	emf_bus_withdraw(&one);
	ck_assert_int_eq(call_add(&fine, &sum), -ENOTCONN);
	ck_assert_ptr_null(ebus_error(&client, "overflow"));
}
END_TEST

/* --- providers */

START_TEST(a_second_provider_is_refused_by_name_and_the_first_stays)
{
	const struct calc_args args = { 2, 3 };
	char why[160] = "";
	int sum = 0;

	one.provides = provides;
	two.provides = provides_recursive;
	ck_assert_int_eq(emf_bus_provide(&one, why, sizeof(why)), 0);
	ck_assert_int_eq(emf_bus_provide(&two, why, sizeof(why)), -EEXIST);
	emf_bus_withdraw(&two);
	ck_assert_ptr_eq(calc.provider, &one);
	ck_assert_int_eq(call_add(&args, &sum), 0);
	ck_assert_uint_eq(deepest, 1);
	ck_assert_str_eq(why, "service calc is provided by module one already: run only one of the two");
}
END_TEST

START_TEST(a_module_that_is_refused_for_its_second_service_does_not_serve_its_first)
{
	static struct ebus_service other = { .name = "other" };
	const struct emf_provided both[] = { { &other, &plain }, { &calc, &plain }, { NULL, NULL } };

	one.provides = provides;
	two.provides = both;
	ck_assert_int_eq(emf_bus_provide(&one, NULL, 0), 0);
	ck_assert_int_eq(emf_bus_provide(&two, NULL, 0), -EEXIST);
	ck_assert_ptr_null(other.provider);
	ck_assert_ptr_null(other.ops);
}
END_TEST

START_TEST(a_service_that_is_missing_is_named_unless_it_is_optional)
{
	one.uses = uses;
	two.uses = uses_optional;
	three.provides = provides;
	ck_assert_str_eq(emf_bus_missing(&one), "calc");
	ck_assert_ptr_null(emf_bus_missing(&two));
	ck_assert_ptr_null(emf_bus_missing(&three));
	ck_assert_int_eq(emf_bus_provide(&three, NULL, 0), 0);
	ck_assert_ptr_null(emf_bus_missing(&one));
	ck_assert(emf_bus_needs(&one, &three));
	ck_assert(!emf_bus_needs(&two, &three));
	ck_assert(!emf_bus_needs(&three, &one));
	ck_assert(!emf_bus_needs(&one, &two));
}
END_TEST

/* --- in the life of modules */

static int call_and_tell(struct module *m)
{
	const struct calc_args args = { 2, 3 };
	int sum = 0, err = call_add(&args, &sum);

	tell(m->name, err ? err : sum);
	return 0;
}

static int fails(struct module *m)
{
	(void)m;
	return -EIO;
}

START_TEST(a_module_serves_from_its_creation_to_its_detaching)
{
	one.provides = provides;
	two.uses = uses;
	two.create = two.attach = two.detach = two.destroy = call_and_tell;
	ck_assert_int_eq(emf_life_start(&emf), 0);
	emf_life_stop(&emf);
	/* It withdraws before the links of anybody are closed. */
	ck_assert_str_eq(story, "two5 two5 two5 two-107 ");
	ck_assert_ptr_null(calc.provider);
}
END_TEST

static void check_unable(void)
{
	ck_assert_int_eq(emf_life_start(&emf), 0);
	ck_assert_int_eq(two.unit->state, EMF_UNIT_FAILED);
	ck_assert_str_eq(two.unit->why, "uses the service calc, which no running module provides");
	ck_assert_int_eq(three.unit->state, EMF_UNIT_RUNNING);
	ck_assert_ptr_null(calc.provider);
	emf_life_stop(&emf);
}

START_TEST(a_user_of_a_module_that_fails_to_be_created_is_not_started)
{
	one.provides = provides;
	one.create = fails;
	two.uses = uses;
	three.uses = uses_optional;
	check_unable();
}
END_TEST

START_TEST(a_user_of_a_module_that_fails_to_attach_is_not_started_either)
{
	one.provides = provides;
	one.attach = fails;
	two.uses = uses;
	two.attach = call_and_tell;
	three.uses = uses_optional;
	check_unable();
	ck_assert_str_eq(story, "");
}
END_TEST

/* --- signals */

struct listener {
	struct ebus_subscription base;
	const char *name;
	void (*then)(struct listener *listener, int number);
	struct listener *other;
	int times; /* how often then is done yet */
};

static void deliver(struct ebus_subscription *base, const void *signal)
{
	struct listener *listener = emf_container_of(base, struct listener, base);
	int number = *(const int *)signal;

	tell(listener->name, number);
	if (listener->then && listener->times-- > 0)
		listener->then(listener, number);
}

static struct listener a, b, c;

static int subscribe(struct listener *listener, const char *name)
{
	listener->name = name;
	listener->base.deliver = deliver;
	return ebus_subscribe(&client, CALC_TICK, &one, &listener->base);
}

static void setup_listeners(void)
{
	setup();
	a = b = c = (struct listener){ 0 };
	ck_assert_int_eq(subscribe(&a, "a"), 0);
	ck_assert_int_eq(subscribe(&b, "b"), 0);
	ck_assert_int_eq(subscribe(&c, "c"), 0);
}

static void teardown_listeners(void)
{
	ebus_unsubscribe(&a.base);
	ebus_unsubscribe(&b.base);
	ebus_unsubscribe(&c.base);
	teardown();
}

static void emit(int number)
{
	ebus_emit(&calc, CALC_TICK, &number);
}

static void check_story(const char *wanted)
{
	ck_assert_str_eq(story, wanted);
	ck_assert_uint_eq(ebus_depth, 0);
	story[0] = '\0';
}

START_TEST(a_signal_reaches_all_listeners_in_the_order_in_which_they_came)
{
	const int number = 9;

	emit(1);
	check_story("a1 b1 c1 ");
	ebus_emit(&calc, CALC_TOCK, &number);
	check_story("");
	ebus_unsubscribe(&a.base);
	ck_assert_int_eq(subscribe(&a, "a"), 0);
	emit(2);
	check_story("b2 c2 a2 ");
}
END_TEST

START_TEST(a_listener_cannot_subscribe_twice_and_may_unsubscribe_twice)
{
	ck_assert_int_eq(subscribe(&b, "b"), -EALREADY);
	emit(1);
	check_story("a1 b1 c1 ");
	ebus_unsubscribe(&b.base);
	ebus_unsubscribe(&b.base);
	emit(2);
	check_story("a2 c2 ");
}
END_TEST

static void leave(struct listener *listener, int number)
{
	(void)number;
	ebus_unsubscribe(&listener->other->base);
	/* As if its owner had freed it. */
	memset(listener->other, 0x5a, sizeof(*listener->other));
}

static void unsubscribes(struct listener *listener, struct listener *other)
{
	listener->then = leave;
	listener->other = other;
	listener->times = 1;
}

static void forget(struct listener *listener)
{
	*listener = (struct listener){ 0 };
}

START_TEST(a_handler_may_unsubscribe_itself_and_free_what_it_is_in)
{
	unsubscribes(&b, &b);
	emit(1);
	check_story("a1 b1 c1 ");
	forget(&b);
	emit(2);
	check_story("a2 c2 ");
}
END_TEST

START_TEST(a_handler_may_unsubscribe_the_next_listener_which_is_not_called_then)
{
	unsubscribes(&a, &b);
	emit(1);
	check_story("a1 c1 ");
	forget(&b);
	unsubscribes(&a, &c);
	emit(2);
	check_story("a2 ");
	forget(&c);
}
END_TEST

START_TEST(a_handler_may_unsubscribe_one_that_was_called_before_it)
{
	unsubscribes(&c, &a);
	emit(1);
	check_story("a1 b1 c1 ");
	forget(&a);
	emit(2);
	check_story("b2 c2 ");
}
END_TEST

static void leave_all(struct listener *listener, int number)
{
	(void)listener;
	(void)number;
	emf_bus_remove_owner(&one);
}

START_TEST(a_handler_may_unsubscribe_all)
{
	a.then = leave_all;
	a.times = 1;
	emit(1);
	check_story("a1 ");
	ck_assert_ptr_null(subscriptions[CALC_TICK]);
	emit(2);
	check_story("");
}
END_TEST

static void join(struct listener *listener, int number)
{
	(void)number;
	ck_assert_int_eq(subscribe(listener->other, "new"), 0);
}

START_TEST(a_listener_that_joins_inside_of_a_handler_hears_the_next_signal_first)
{
	struct listener new = { 0 };

	a.then = join;
	a.other = &new;
	a.times = 1;
	emit(1);
	check_story("a1 b1 c1 ");
	emit(2);
	check_story("a2 b2 c2 new2 ");
	ebus_unsubscribe(&new.base);
}
END_TEST

static void rejoin(struct listener *listener, int number)
{
	(void)number;
	ebus_unsubscribe(&listener->base);
	ck_assert_int_eq(subscribe(listener, listener->name), 0);
}

START_TEST(a_handler_that_subscribes_anew_is_not_called_twice_for_one_signal)
{
	for (struct listener *l = &a; l; l = l == &a ? &b : l == &b ? &c : NULL) {
		l->then = rejoin;
		l->times = 1;
	}
	emit(1);
	check_story("a1 b1 c1 ");
	emit(2);
	check_story("a2 b2 c2 ");
}
END_TEST

/* --- signals inside of signals */

static void again(struct listener *listener, int number)
{
	(void)listener;
	emit(number + 1);
}

START_TEST(a_signal_inside_of_its_handler_is_delivered_before_the_outer_one_goes_on)
{
	b.then = again;
	b.times = 1;
	emit(1);
	check_story("a1 b1 a2 b2 c2 c1 ");
}
END_TEST

static void leave_in_a_deeper_one(struct listener *listener, int number)
{
	if (number == 1)
		emit(2);
	else
		leave(listener, number);
}

START_TEST(who_leaves_in_an_inner_signal_is_skipped_by_the_outer_one_too)
{
	a.then = leave_in_a_deeper_one;
	a.other = &b;
	a.times = 2;
	emit(1);
	check_story("a1 a2 c2 c1 ");
	forget(&b);
}
END_TEST

static unsigned int delivered;

static void count(struct ebus_subscription *base, const void *signal)
{
	(void)base;
	delivered++;
	emit(*(const int *)signal);
}

static size_t lines(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

START_TEST(handlers_that_emit_their_signal_without_end_are_stopped_and_it_is_told_once)
{
	a.base.deliver = b.base.deliver = c.base.deliver = count;
	emit(1);
	/* Each level once for each listener, and not three times as many at each. */
	ck_assert_uint_eq(delivered, 3 * EBUS_DEPTH_MAX);
	ck_assert_uint_eq(ebus_depth, 0);
	unit_capture_end(&capture);
	ck_assert_str_eq(capture.text, "emf: signal calc.tick was not delivered: its handlers emit it again, without end\n");
	unit_capture_begin(&capture, stderr);
	a.base.deliver = b.base.deliver = c.base.deliver = deliver;
	emit(2);
	check_story("a2 b2 c2 ");
	a.base.deliver = count;
	emit(3);
	unit_capture_end(&capture);
	ck_assert_uint_eq(lines(capture.text), 1);
	unit_capture_begin(&capture, stderr);
}
END_TEST

START_TEST(what_a_module_leaves_behind_is_removed_and_what_others_have_stays)
{
	struct listener tock = { .name = "t", .base = { .deliver = deliver } };
	const int number = 1;

	ebus_unsubscribe(&b.base);
	ck_assert_int_eq(ebus_subscribe(&client, CALC_TICK, &two, &b.base), 0);
	ck_assert_int_eq(ebus_subscribe(&client, CALC_TOCK, &one, &tock.base), 0);
	emf_bus_remove_owner(&one);
	emit(1);
	ebus_emit(&calc, CALC_TOCK, &number);
	check_story("b1 ");
	ck_assert_int_eq(subscribe(&a, "a"), 0);
	emit(2);
	check_story("b2 a2 ");
}
END_TEST

START_TEST(a_stopped_module_hears_nothing_more)
{
	emf_bus_remove_owner(&one);
	ck_assert_int_eq(emf_life_start(&emf), 0);
	ck_assert_int_eq(subscribe(&a, "a"), 0);
	emit(1);
	emf_life_stop(&emf);
	emit(2);
	check_story("a1 ");
}
END_TEST

/* --- calls that are answered later */

struct add_async {
	struct ebus_async base;
	struct calc_args args;
	int sum, err, answers;
};

static void on_sum(struct ebus_async *base, int err)
{
	struct add_async *async = emf_container_of(base, struct add_async, base);

	async->err = err;
	async->answers++;
}

static int start(struct add_async *async, struct module *m)
{
	async->base.args = &async->args;
	async->base.reply = &async->sum;
	if (!async->base.finished)
		async->base.finished = on_sum;
	return ebus_async_start(&async->base, &client, 0, m);
}

static int start_add(struct add_async *async)
{
	return start(async, &two);
}

START_TEST(a_call_that_is_made_later_is_answered_in_a_later_turn)
{
	struct add_async async = { .args = { 2, 3 }, .err = 1 };

	one.provides = provides;
	ck_assert_int_eq(emf_bus_provide(&one, NULL, 0), 0);
	for (int i = 1; i < 3; i++) {
		ck_assert_int_eq(start_add(&async), 0);
		ck_assert_int_eq(async.answers, i - 1);
		unit_turn_until(&emf.loop, async.answers == i);
		ck_assert_int_eq(async.err, 0);
		ck_assert_int_eq(async.sum, 5);
	}
}
END_TEST

START_TEST(a_call_that_is_made_later_fails_like_any_other)
{
	struct add_async async = { .args = { 2, 3 } };

	ck_assert_int_eq(start_add(&async), 0);
	unit_turn_until(&emf.loop, async.answers == 1);
	ck_assert_int_eq(async.err, -ENOTCONN);
}
END_TEST

START_TEST(a_call_that_is_under_way_cannot_be_started_again)
{
	struct add_async async = { .args = { 2, 3 } };

	ck_assert_int_eq(start_add(&async), 0);
	ck_assert_int_eq(start_add(&async), -EALREADY);
	unit_turn_until(&emf.loop, async.answers > 0);
	ck_assert_int_eq(emf_loop_turn(&emf.loop, 0), 0);
	ck_assert_int_eq(async.answers, 1);
}
END_TEST

static void add_again(struct ebus_async *base, int err)
{
	struct add_async *async = emf_container_of(base, struct add_async, base);

	ck_assert_int_eq(err, -ENOTCONN);
	if (++async->answers < 3)
		ck_assert_int_eq(start_add(async), 0);
}

START_TEST(an_answer_may_start_the_next_call)
{
	struct add_async async = { .base = { .finished = add_again } };

	ck_assert_int_eq(start_add(&async), 0);
	unit_turn_until(&emf.loop, async.answers == 3);
}
END_TEST

/* One that is started after it is answered after it. */
static void check_no_answer(const struct add_async *silent)
{
	struct add_async later = { .answers = 0 };

	ck_assert_int_eq(start(&later, &three), 0);
	unit_turn_until(&emf.loop, later.answers == 1);
	ck_assert_int_eq(silent->answers, 0);
}

START_TEST(a_call_that_is_cancelled_is_not_answered)
{
	struct add_async async = { .args = { 2, 3 } };

	ebus_async_cancel(&async.base);
	ck_assert_int_eq(start_add(&async), 0);
	ebus_async_cancel(&async.base);
	ebus_async_cancel(&async.base);
	check_no_answer(&async);
	ck_assert_int_eq(start_add(&async), 0);
	unit_turn_until(&emf.loop, async.answers == 1);
}
END_TEST

START_TEST(a_call_of_a_module_that_has_gone_is_not_answered)
{
	struct add_async async = { .args = { 2, 3 } };

	ck_assert_int_eq(emf_life_start(&emf), 0);
	ck_assert_int_eq(start_add(&async), 0);
	emf_life_stop(&emf);
	check_no_answer(&async);
}
END_TEST

static void tell_wanted(struct ebus_service *service, unsigned int signal, bool wanted, void *data)
{
	(void)service;
	(void)data;
	tell(wanted ? "wanted" : "over", (int)signal);
}

START_TEST(who_looks_on_hears_what_is_sent_and_is_no_reason_to_send_it)
{
	const int five = 5;

	emf_bus_set_demand(&calc, tell_wanted, NULL);
	a.base.is_passive = c.base.is_passive = true;
	ck_assert_int_eq(subscribe(&a, "a"), 0);
	ck_assert(!emf_bus_is_wanted(&calc, CALC_TICK));
	ck_assert_int_eq(subscribe(&b, "b"), 0);
	ck_assert_int_eq(subscribe(&c, "c"), 0);
	ck_assert(emf_bus_is_wanted(&calc, CALC_TICK));
	ebus_emit(&calc, CALC_TICK, &five);
	ebus_unsubscribe(&a.base);
	ebus_unsubscribe(&b.base);
	ebus_emit(&calc, CALC_TICK, &five);
	ebus_unsubscribe(&c.base);
	emf_bus_set_demand(&calc, NULL, NULL);
	ck_assert_str_eq(story, "wanted0 a5 b5 c5 over0 c5 ");
}
END_TEST

START_TEST(what_tells_of_all_messages_matches_no_pattern_for_all)
{
	ck_assert(emf_bus_matches("*", "calc", "tick"));
	ck_assert(emf_bus_matches("*.tick", "calc", "tick"));
	ck_assert(!emf_bus_matches("calc.tock", "calc", "tick"));
	ck_assert(!emf_bus_matches("*", "bus", "message"));
	ck_assert(!emf_bus_matches("*.message", "bus", "message"));
	ck_assert(emf_bus_matches("bus.*", "bus", "message"));
	ck_assert(emf_bus_matches("*", "bus", "messages"));
}
END_TEST

static void add_calls(Suite *s)
{
	TCase *calls = tcase_create("calls"), *providers = tcase_create("providers");

	tcase_add_checked_fixture(calls, setup, teardown);
	tcase_add_test(calls, a_call_reaches_the_provider_and_its_answer_the_caller);
	tcase_add_test(calls, without_a_provider_and_after_it_withdrew_a_call_is_answered_with_enotconn);
	tcase_add_test(calls, a_provider_learns_which_module_of_it_is_called);
	tcase_add_test(calls, a_call_may_call_in_turn);
	tcase_add_test(calls, a_cycle_of_calls_ends_with_eloop_and_the_next_call_is_served_again);
	tcase_add_test(calls, after_calls_that_failed_nothing_is_inside_of_a_call);
	tcase_add_test(calls, a_typed_error_comes_back_by_its_name_with_what_it_carries);
	tcase_add_test(calls, a_typed_error_is_forgotten_by_the_next_call_whatever_becomes_of_that);
	tcase_add_test(calls, a_call_that_is_made_later_is_answered_in_a_later_turn);
	tcase_add_test(calls, a_call_that_is_made_later_fails_like_any_other);
	tcase_add_test(calls, a_call_that_is_under_way_cannot_be_started_again);
	tcase_add_test(calls, an_answer_may_start_the_next_call);
	tcase_add_test(calls, a_call_that_is_cancelled_is_not_answered);
	tcase_add_test(calls, a_call_of_a_module_that_has_gone_is_not_answered);
	suite_add_tcase(s, calls);
	tcase_add_checked_fixture(providers, setup, teardown);
	tcase_add_test(providers, a_second_provider_is_refused_by_name_and_the_first_stays);
	tcase_add_test(providers, a_module_that_is_refused_for_its_second_service_does_not_serve_its_first);
	tcase_add_test(providers, a_service_that_is_missing_is_named_unless_it_is_optional);
	tcase_add_test(providers, a_module_serves_from_its_creation_to_its_detaching);
	tcase_add_test(providers, a_user_of_a_module_that_fails_to_be_created_is_not_started);
	tcase_add_test(providers, a_user_of_a_module_that_fails_to_attach_is_not_started_either);
	suite_add_tcase(s, providers);
}

static Suite *suite(void)
{
	Suite *s = suite_create("bus");
	TCase *listeners = tcase_create("listeners"), *lookers = tcase_create("lookers");

	add_calls(s);
	tcase_add_checked_fixture(listeners, setup_listeners, teardown_listeners);
	tcase_add_test(listeners, a_signal_reaches_all_listeners_in_the_order_in_which_they_came);
	tcase_add_test(listeners, a_listener_cannot_subscribe_twice_and_may_unsubscribe_twice);
	tcase_add_test(listeners, a_handler_may_unsubscribe_itself_and_free_what_it_is_in);
	tcase_add_test(listeners, a_handler_may_unsubscribe_the_next_listener_which_is_not_called_then);
	tcase_add_test(listeners, a_handler_may_unsubscribe_one_that_was_called_before_it);
	tcase_add_test(listeners, a_handler_may_unsubscribe_all);
	tcase_add_test(listeners, a_listener_that_joins_inside_of_a_handler_hears_the_next_signal_first);
	tcase_add_test(listeners, a_handler_that_subscribes_anew_is_not_called_twice_for_one_signal);
	tcase_add_test(listeners, a_signal_inside_of_its_handler_is_delivered_before_the_outer_one_goes_on);
	tcase_add_test(listeners, who_leaves_in_an_inner_signal_is_skipped_by_the_outer_one_too);
	tcase_add_test(listeners, handlers_that_emit_their_signal_without_end_are_stopped_and_it_is_told_once);
	tcase_add_test(listeners, what_a_module_leaves_behind_is_removed_and_what_others_have_stays);
	tcase_add_test(listeners, a_stopped_module_hears_nothing_more);
	suite_add_tcase(s, listeners);
	tcase_add_checked_fixture(lookers, setup, teardown);
	tcase_add_test(lookers, who_looks_on_hears_what_is_sent_and_is_no_reason_to_send_it);
	tcase_add_test(lookers, what_tells_of_all_messages_matches_no_pattern_for_all);
	suite_add_tcase(s, lookers);
	return s;
}

int main(void)
{
	return unit_main(suite());
}
