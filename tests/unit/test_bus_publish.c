// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * test_bus_publish.c - without these, whoever may listen could hold up the product as
 * long as he likes.
 */
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bus_match.h"
#include "bus_peer.h"
#include "unit.h"

#define NS_PER_MS UINT64_C(1000000)
#define MANY 10000 /* more than the socket, the link and the queue take */

struct tick {
	char bytes[1000];
};

static const struct emf_member tick_bytes = { .name = "bytes", .type = EMF_U8, .size = 1, .count = sizeof(struct tick) };
static const struct emf_record tick_record = { .name = "tick", .size = sizeof(struct tick), .fixed = sizeof(struct tick), .n = 1,
					       .members = &tick_bytes };
static const struct ebus_member signals[] = { { .name = "tick", .in.record = &tick_record, .access = "read" } };
static struct ebus_subscription *subscriptions[1];
static uint8_t policies[1];
static struct ebus_service service = { .name = "ticks", .version = "1.0", .signals = signals, .n_signals = 1,
				       .subscriptions = subscriptions, .policies = policies };

static struct ebus_peer peer;
static struct ebus_link other; /* the subscriber's end */
static bool is_admin, is_reading;

/* --- a clock of the test: time passes while somebody is waited for, and when the test says so */

static uint64_t now_ns, waited_ns;
static unsigned int waits;

uint64_t __wrap_emf_now_ns(void);
int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout_ms);

uint64_t __wrap_emf_now_ns(void)
{
	return now_ns;
}

static int pass(void *arg, struct ebus_received *received)
{
	(void)arg;
	(void)received;
	return 0;
}

int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
	(void)fds;
	(void)n;
	waits++;
	waited_ns += (uint64_t)timeout_ms * NS_PER_MS;
	now_ns += (uint64_t)timeout_ms * NS_PER_MS;
	if (!is_reading)
		return 0;
	while (!ebus_link_receive(&other, false, pass, NULL))
		;
	return 1;
}

/* --- the subscriber */

static bool on_allowed(struct ebus_peer *p, const struct ebus_service *of, const struct ebus_member *member)
{
	(void)p;
	(void)of;
	return is_admin || strcmp(member->access, "admin");
}

static const struct ebus_peer_ops ops = { .allowed = on_allowed };

static void say(enum ebus_kind kind, const void *payload, size_t size)
{
	ck_assert_int_eq(ebus_link_send(&other, &(struct ebus_frame){ .kind = kind }, payload, size, NULL, 0), 0);
	ck_assert_int_eq(ebus_link_flush(&other), 0);
	ck_assert_int_eq(ebus_peer_receive(&peer, false), 0);
}

static void subscribe(enum ebus_overflow overflow)
{
	const struct ebus_hello hello = { .magic = EBUS_MAGIC, .protocol = EBUS_PROTOCOL, .name = "test" };
	const struct ebus_wish wish = { .overflow = overflow };
	char bind[1024];

	ck_assert_uint_le(ebus_bind_size(&service), sizeof(bind));
	ebus_bind_write(&service, bind);
	say(EBUS_HELLO, &hello, sizeof(hello));
	say(EBUS_BIND, bind, ebus_bind_size(&service));
	say(EBUS_SUBSCRIBE, &wish, sizeof(wish));
	ck_assert_ptr_nonnull(subscriptions[0]);
}

static void emit(unsigned int times, uint64_t pause_ns)
{
	const struct tick tick = { "" };

	for (unsigned int i = 0; i < times; i++) {
		ebus_emit(&service, 0, &tick);
		now_ns += pause_ns;
	}
}

static void setup(void)
{
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
	memset(policies, 0, sizeof(policies));
	is_admin = is_reading = false;
	now_ns = 1000000 * NS_PER_MS;
	waited_ns = waits = 0;
	emf_bus_register(&service);
	ebus_peer_init(&peer, &ops, fds[0]);
	ebus_link_init(&other, fds[1], EBUS_QUEUED_MAX);
}

static void teardown(void)
{
	ebus_peer_fini(&peer);
	ebus_link_fini(&other);
}

START_TEST(who_only_listens_holds_up_nobody_whatever_he_wishes)
{
	subscribe(EBUS_BLOCK);
	emit(MANY, 0);
	ck_assert_uint_eq(waits, 0);
	ck_assert_uint_gt(peer.bindings[0]->signals->dropped, 0);
	ck_assert_uint_eq(peer.bindings[0]->signals->seen, MANY);
}
END_TEST

START_TEST(an_event_that_is_declared_so_waits_for_who_only_listens)
{
	policies[0] = EBUS_BLOCK;
	subscribe(0);
	emit(MANY, 0);
	ck_assert_uint_gt(waits, 0);
}
END_TEST

START_TEST(an_event_that_is_declared_so_waits_as_well_for_who_wishes_it)
{
	policies[0] = EBUS_BLOCK;
	subscribe(EBUS_BLOCK);
	emit(MANY, 0);
	ck_assert_uint_gt(waits, 0);
}
END_TEST

START_TEST(an_admin_who_does_not_read_is_waited_for_once)
{
	is_admin = true;
	subscribe(EBUS_BLOCK);
	emit(MANY, 0);
	ck_assert_uint_eq(waits, 1);
	ck_assert_uint_le(waited_ns, (EBUS_BLOCK_MAX_MS + 1) * NS_PER_MS);
	ck_assert_uint_gt(peer.bindings[0]->signals->dropped, 0);
}
END_TEST

/* He reads what is in the socket each time that he is waited for, and so is waited for again. */
START_TEST(an_admin_who_reads_slowly_takes_half_of_the_time_in_which_the_product_works)
{
	const uint64_t work_ns = 5 * MANY * NS_PER_MS / 10, burst_ns = 1000 * NS_PER_MS, one_ns = (EBUS_BLOCK_MAX_MS + 1) * NS_PER_MS;

	is_admin = is_reading = true;
	subscribe(EBUS_BLOCK);
	emit(5 * MANY, NS_PER_MS / 10);
	ck_assert_uint_le(waited_ns, burst_ns + work_ns / 2 + one_ns);
	ck_assert_uint_ge(waited_ns, work_ns / 4);
	ck_assert_uint_gt(peer.bindings[0]->signals->dropped, 0);
}
END_TEST

static void check_all_is_counted(void)
{
	const struct ebus_sent_signal *sent = peer.bindings[0]->signals;

	ck_assert_uint_gt(sent->dropped, 0);
	ck_assert_uint_gt(sent->queue.n, 0);
	ck_assert_uint_eq(sent->seen, MANY);
	ck_assert_uint_eq(sent->seen, sent->sent + sent->queue.n + sent->dropped);
}

START_TEST(what_does_not_fit_is_counted)
{
	subscribe(EBUS_DROP_NEW);
	emit(MANY, 0);
	check_all_is_counted();
}
END_TEST

START_TEST(what_makes_room_is_counted)
{
	subscribe(EBUS_DROP_OLD);
	emit(MANY, 0);
	check_all_is_counted();
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("bus_publish");
	TCase *c = tcase_create("block");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, who_only_listens_holds_up_nobody_whatever_he_wishes);
	tcase_add_test(c, an_event_that_is_declared_so_waits_for_who_only_listens);
	tcase_add_test(c, an_event_that_is_declared_so_waits_as_well_for_who_wishes_it);
	tcase_add_test(c, an_admin_who_does_not_read_is_waited_for_once);
	tcase_add_test(c, an_admin_who_reads_slowly_takes_half_of_the_time_in_which_the_product_works);
	tcase_add_test(c, what_does_not_fit_is_counted);
	tcase_add_test(c, what_makes_room_is_counted);
	suite_add_tcase(s, c);
	return s;
}

int main(void)
{
	return unit_main(suite());
}
