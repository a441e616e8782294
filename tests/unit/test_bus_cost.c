// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * test_bus_cost.c - without these, calls and signals between modules could begin to
 * allocate, and take locks that others hold.
 */
#include <stdlib.h>

#include "bus.h"
#include "emf_emf.h"
#include "unit.h"

#define TIMES 1000

/* --- each allocation of the core counts: the linker has put these in between */

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *at, size_t size);
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *at, size_t size);

static unsigned long allocations;

void *__wrap_malloc(size_t size)
{
	allocations++;
	return __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	allocations++;
	return __real_calloc(n, size);
}

void *__wrap_realloc(void *at, size_t size)
{
	allocations++;
	return __real_realloc(at, size);
}

/* --- a service of the product, as others provide theirs */

static unsigned long heard;

static int totals(struct ebus_call *call, struct bus_totals_reply *reply)
{
	(void)call;
	reply->denials++;
	return 0;
}

/* By a call inside of the call. */
static int subscriptions(struct ebus_call *call, struct bus_subscriptions_reply *reply)
{
	struct bus_totals_reply inner = { 0 };

	(void)call;
	reply->rows_len++;
	return bus_call_totals(&bus_client, &inner);
}

static const struct bus_ops ops = { .totals = totals, .subscriptions = subscriptions };

static void on_changed(struct parameters_changed_subscription *subscription, const struct parameters_changed *changed)
{
	(void)subscription;
	(void)changed;
	heard++;
}

static void setup(void)
{
	bus_service.ops = NULL;
	ck_assert_int_eq(ebus_provide(&bus_service, &ops, NULL), 0);
	heard = 0;
}

static void teardown(void)
{
	ebus_withdraw(&bus_service, NULL);
}

START_TEST(the_counter_counts)
{
	static struct ebus_listener listener;
	unsigned long before = allocations;

	ck_assert_int_eq(ebus_listen("bus.*", NULL, &listener), 0); /* by pattern: it has a list of its own */
	ebus_unlisten(&listener);
	ck_assert_uint_gt(allocations, before);
}
END_TEST

START_TEST(a_call_allocates_nothing_nor_does_one_inside_of_it)
{
	static struct bus_subscriptions_reply reply;
	unsigned long before = allocations, made;

	for (int i = 0; i < TIMES; i++)
		if (bus_call_subscriptions(&bus_client, &reply))
			break;
	made = allocations - before; /* Check makes some, too */
	ck_assert_uint_eq(reply.rows_len, TIMES);
	ck_assert_uint_eq(made, 0);
}
END_TEST

START_TEST(a_signal_allocates_nothing_nor_does_who_begins_or_ends_to_listen)
{
	static struct parameters_changed_subscription one = { .handler = on_changed }, two = { .handler = on_changed };
	static const struct parameters_changed changed;
	unsigned long before = allocations, made;

	for (int i = 0; i < TIMES; i++) {
		if (parameters_on_changed(&parameters_client, NULL, &one) || parameters_on_changed(&parameters_client, NULL, &two))
			break;
		parameters_emit_changed(&changed);
		ebus_unsubscribe(&one.base);
		ebus_unsubscribe(&two.base);
	}
	made = allocations - before;
	ck_assert_uint_eq(heard, 2 * TIMES);
	ck_assert_uint_eq(made, 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("bus_cost");
	TCase *c = tcase_create("allocations");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, the_counter_counts);
	tcase_add_test(c, a_call_allocates_nothing_nor_does_one_inside_of_it);
	tcase_add_test(c, a_signal_allocates_nothing_nor_does_who_begins_or_ends_to_listen);
	suite_add_tcase(s, c);
	return s;
}

int main(void)
{
	return unit_main(suite());
}
