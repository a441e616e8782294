// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * test_bus_queue.c - without these, a signal that waits could be cut where the ring
 * ends, be lost uncounted, or grow the queue beyond its bound.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "bus_queue.h"
#include "unit.h"

#define HEAD sizeof(size_t) /* before each payload */

static struct ebus_queue queue;

static void teardown(void)
{
	ebus_queue_fini(&queue);
}

static void check_pop(const char *wanted)
{
	char got[64] = "";

	ck_assert_uint_eq(ebus_queue_first(&queue), strlen(wanted));
	ebus_queue_pop(&queue, got);
	ck_assert_str_eq(got, wanted);
}

static int push(const char *text)
{
	return ebus_queue_push(&queue, text, strlen(text));
}

START_TEST(payloads_leave_in_the_order_in_which_they_came)
{
	ebus_queue_init(&queue, 10, 200);
	ck_assert_ptr_null(queue.bytes); /* nothing waits: no memory */
	ck_assert_int_eq(push("one"), 0);
	ck_assert_int_eq(push(""), 0);
	ck_assert_int_eq(push("three"), 0);
	check_pop("one");
	check_pop("");
	check_pop("three");
	ck_assert_uint_eq(queue.n, 0);
	ck_assert_uint_eq(queue.used, 0);
}
END_TEST

START_TEST(no_more_messages_and_bytes_than_its_bounds_and_room_again_after_one_left)
{
	ebus_queue_init(&queue, 2, 200);
	ck_assert_int_eq(push("a"), 0);
	ck_assert_int_eq(push("b"), 0);
	ck_assert_int_eq(push("c"), -ENOBUFS);
	ebus_queue_pop(&queue, NULL);
	ck_assert_int_eq(push("c"), 0);
	check_pop("b");
	check_pop("c");
	ebus_queue_fini(&queue);
	ebus_queue_init(&queue, 100, 2 * (HEAD + 4));
	ck_assert_int_eq(push("1234"), 0);
	ck_assert_int_eq(push("12345"), -ENOBUFS);
	ck_assert_int_eq(push("5678"), 0); /* to the last byte */
	ck_assert_int_eq(push(""), -ENOBUFS);
	check_pop("1234");
	check_pop("5678");
}
END_TEST

START_TEST(what_never_fits_is_told_apart_from_what_does_not_fit_now)
{
	ebus_queue_init(&queue, 10, HEAD + 4);
	ck_assert_int_eq(push("12345"), -EMSGSIZE);
	ck_assert_int_eq(ebus_queue_push(&queue, NULL, SIZE_MAX - HEAD), -EMSGSIZE);
	ck_assert_int_eq(push("1234"), 0);
	ck_assert_int_eq(push("1"), -ENOBUFS);
	ebus_queue_fini(&queue);
	ebus_queue_init(&queue, 10, 1); /* as small as a peer may wish */
	ck_assert_int_eq(push(""), -EMSGSIZE);
}
END_TEST

START_TEST(at_the_end_of_the_ring_a_payload_goes_on_at_its_beginning)
{
	static const char *const texts[] = { "a", "bcdefg", "hijklmnopq", "", "rs" };
	size_t in = 0, out = 0;

	/* Odd sizes: each place of the ring is an end sooner or later. */
	ebus_queue_init(&queue, 100, 61);
	while (out < 1000) {
		while (!push(texts[in % 5]))
			in++;
		ck_assert_uint_le(queue.used, 61);
		for (int i = 0; i < 2 && out < in; i++)
			check_pop(texts[out++ % 5]);
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("bus_queue");
	TCase *c = tcase_create("queue");

	tcase_add_checked_fixture(c, NULL, teardown);
	tcase_add_test(c, payloads_leave_in_the_order_in_which_they_came);
	tcase_add_test(c, no_more_messages_and_bytes_than_its_bounds_and_room_again_after_one_left);
	tcase_add_test(c, what_never_fits_is_told_apart_from_what_does_not_fit_now);
	tcase_add_test(c, at_the_end_of_the_ring_a_payload_goes_on_at_its_beginning);
	suite_add_tcase(s, c);
	return s;
}

int main(void)
{
	return unit_main(suite());
}
