// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * test_bus_ring_use.c - without these, a handler in which its ring ends would go on in
 * memory that is gone, or signals would be lost or come twice on the way to the next ring.
 */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bus_peer.h"
#include "bus_ring.h"
#include "unit.h"

#define RING 3
#define SLOT 5
#define SIZE 4096

struct tick {
	uint32_t n;
};

static const struct emf_member tick_n = { .name = "n", .type = EMF_U32, .size = 4, .count = 1 };
static const struct emf_record tick_record = { .name = "tick", .size = sizeof(struct tick), .fixed = sizeof(struct tick), .n = 1,
					       .members = &tick_n };
static const struct ebus_member signals[] = { { .name = "tick", .in.record = &tick_record, .access = "read" } };
static struct ebus_subscription *subscriptions[1];
static const char remote_ops;
static struct ebus_service service = { .name = "ticks", .version = "1.0", .signals = signals, .n_signals = 1,
				       .subscriptions = subscriptions, .remote_ops = &remote_ops };
static struct ebus_client client = { .service = &service };

static struct ebus_peer peer; /* reads */
static struct ebus_link other; /* of the process that writes */
static struct ebus_ring_writer first, second;
static struct ebus_subscription subscription;
static uint32_t serial; /* of the subscription */

static char heard[64];
static void (*inside)(void); /* is done by the handler of the first signal */

static void on_tick(struct ebus_subscription *s, const void *data)
{
	void (*once)(void) = inside;

	(void)s;
	inside = NULL;
	if (once)
		once();
	snprintf(heard + strlen(heard), sizeof(heard) - strlen(heard), "%u ", ((const struct tick *)data)->n);
}

static const struct ebus_peer_ops ops = { .greeted = NULL };

static void say(const struct ebus_frame *frame, const void *payload, size_t size, const int *fd)
{
	ck_assert_int_eq(ebus_link_send(&other, frame, payload, size, fd, fd != NULL), 0);
	ck_assert_int_eq(ebus_link_flush(&other), 0);
	for (int packets = fd ? 2 : 1; packets; packets--) /* a descriptor is announced */
		ck_assert_int_eq(ebus_peer_receive(&peer, false), 0);
}

static int on_frame(void *arg, struct ebus_received *received)
{
	uint32_t *at = arg;

	if (received->frame->kind == EBUS_SUBSCRIBE)
		*at = received->frame->serial;
	return 0;
}

static void begin(struct ebus_ring_writer *ring, uint64_t from)
{
	const struct ebus_ring_begin payload = { .ring = RING, .slot = SLOT, .at = ring->at, .from = from };

	say(&(struct ebus_frame){ .kind = EBUS_RING, .serial = serial }, &payload, sizeof(payload), &ring->fd);
}

static void write_tick(struct ebus_ring_writer *ring, uint32_t n)
{
	ebus_ring_write(ring, SLOT, &(struct tick){ n }, sizeof(struct tick));
}

static void ring_the_bell(void)
{
	say(&(struct ebus_frame){ .kind = EBUS_RANG, .service = RING }, NULL, 0, NULL);
}

static void end_at(uint64_t at)
{
	say(&(struct ebus_frame){ .kind = EBUS_RING_END, .service = RING }, &(struct ebus_ring_at){ at }, sizeof(struct ebus_ring_at),
	    NULL);
}

static void setup(void)
{
	const struct ebus_hello hello = { .magic = EBUS_MAGIC, .protocol = EBUS_PROTOCOL, .name = "test" };
	struct {
		struct ebus_bound bound;
		uint8_t matches[1];
	} bound = { .bound = { .provided = 1, .version = "1.0" }, .matches = { EBUS_EQUAL } };
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
	ck_assert_int_eq(ebus_ring_create(&first, SIZE), 0);
	ck_assert_int_eq(ebus_ring_create(&second, SIZE), 0);
	subscription = (struct ebus_subscription){ .deliver = on_tick };
	heard[0] = '\0';
	inside = NULL;
	ebus_peer_init(&peer, &ops, fds[0]);
	peer.takes_rings = true;
	ebus_link_init(&other, fds[1], EBUS_QUEUED_MAX);
	emf_bus_register(&service);
	ck_assert_int_eq(ebus_peer_use(&peer, &service), 0);
	say(&(struct ebus_frame){ .kind = EBUS_HELLO }, &hello, sizeof(hello), NULL);
	say(&(struct ebus_frame){ .kind = EBUS_BOUND }, &bound, sizeof(bound.bound) + 1, NULL);
	ck_assert_int_eq(ebus_subscribe(&client, 0, NULL, &subscription), 0);
	ck_assert_int_eq(ebus_peer_flush(&peer), 0);
	ck_assert_int_eq(ebus_link_receive(&other, false, on_frame, &serial), 0);
	begin(&first, 0);
}

static void teardown(void)
{
	ebus_unsubscribe(&subscription);
	ebus_peer_fini(&peer);
	ebus_link_fini(&other);
	ebus_ring_destroy(&first);
	ebus_ring_destroy(&second);
}

/* --- in the handler of the first of three */

static uint64_t end;

static void end_it(void)
{
	end_at(end);
	ck_assert_ptr_null(peer.reads[RING]);
	ck_assert_ptr_nonnull(peer.ended);
}

static void end_it_and_begin_another(void)
{
	end_it();
	begin(&second, 0);
	write_tick(&second, 10);
	ring_the_bell();
}

static void end_all(void)
{
	end_it_and_begin_another();
	end_at(second.at);
	write_tick(&second, 11);
}

static void end_it_and_listen_anew(void)
{
	end_it();
	ebus_unsubscribe(&subscription);
	ck_assert_int_eq(ebus_subscribe(&client, 0, NULL, &subscription), 0);
}

/* Three are meant, and a fourth that others hear. */
static void read_three(void (*in_the_first)(void))
{
	for (uint32_t n = 1; n <= 3; n++)
		write_tick(&first, n);
	end = first.at;
	write_tick(&first, 4);
	inside = in_the_first;
	ring_the_bell();
	ck_assert_ptr_null(peer.ended);
	ck_assert_int_eq(peer.error, 0);
}

START_TEST(a_ring_that_ends_in_a_handler_is_read_up_to_its_end_and_no_further)
{
	read_three(end_it);
	ck_assert_str_eq(heard, "1 2 3 ");
	ck_assert_uint_eq(peer.n_reads, 0);
}
END_TEST

/* Its number is given again while the one before is read: what the new one brings comes in between, and nothing twice. */
START_TEST(the_next_ring_may_have_its_number_while_it_is_still_read)
{
	read_three(end_it_and_begin_another);
	ck_assert_str_eq(heard, "10 1 2 3 ");
	ck_assert_uint_eq(peer.n_reads, 1);
	write_tick(&second, 11);
	ring_the_bell();
	ck_assert_str_eq(heard, "10 1 2 3 11 ");
}
END_TEST

START_TEST(several_may_end_in_one_handler)
{
	read_three(end_all);
	ck_assert_str_eq(heard, "10 1 2 3 ");
	ck_assert_uint_eq(peer.n_reads, 0);
}
END_TEST

START_TEST(who_listens_anew_in_a_handler_hears_nothing_of_what_was_for_the_subscription_before)
{
	read_three(end_it_and_listen_anew);
	ck_assert_str_eq(heard, "1 ");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("bus_ring_use");
	TCase *c = tcase_create("end");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, a_ring_that_ends_in_a_handler_is_read_up_to_its_end_and_no_further);
	tcase_add_test(c, the_next_ring_may_have_its_number_while_it_is_still_read);
	tcase_add_test(c, several_may_end_in_one_handler);
	tcase_add_test(c, who_listens_anew_in_a_handler_hears_nothing_of_what_was_for_the_subscription_before);
	suite_add_tcase(s, c);
	return s;
}

int main(void)
{
	return unit_main(suite());
}
