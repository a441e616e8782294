// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * test_record.c - without these, a value that no sender may choose could reach a module:
 * an array longer than it is, a truth value of 7, a text without an end.
 */
#include <errno.h>
#include <string.h>

#include "../fuzz/records.h"
#include "record.h"
#include "unit.h"

static struct rich sent, got;

static void setup(void)
{
	sent = (struct rich){ .file = -1, .points_len = 2, .points = { { 1, 1, 5, 0x102 }, { 2, 0, 0, 0 } }, .name = "name",
			      .files_len = 1, .files = { 7 }, .tail_len = 3, .tail = "abc" };
	memset(&got, 0xa5, sizeof(got));
}

static int load(size_t n, bool partial)
{
	return emf_record_load(&rich_record, &sent, n, partial, &got);
}

static size_t wire(void)
{
	return emf_record_wire_size(&rich_record, &sent);
}

START_TEST(the_unused_end_of_the_last_array_does_not_travel_and_comes_back_as_zeroes)
{
	struct rich wanted = sent;

	ck_assert_uint_eq(wire(), offsetof(struct rich, tail) + 3);
	ck_assert_uint_eq(emf_record_wire_size(&point_record, sent.points), sizeof(struct point));
	ck_assert_int_eq(load(wire(), false), 0);
	ck_assert_mem_eq(&got, &wanted, sizeof(got));
	sent.tail_len = 0;
	ck_assert_uint_eq(wire(), rich_record.fixed);
	ck_assert_int_eq(load(wire(), false), 0);
	sent.tail_len = 100;
	ck_assert_uint_eq(wire(), sizeof(sent));
	ck_assert_int_eq(load(wire(), false), 0);
}
END_TEST

START_TEST(what_is_not_of_its_size_is_refused)
{
	size_t n = wire();

	for (size_t i = 0; i <= sizeof(sent); i++)
		ck_assert_int_eq(load(i, false), i == n ? 0 : -EBADMSG);
	ck_assert_int_eq(emf_record_load(&point_record, sent.points, 7, false, &got), -EBADMSG);
	ck_assert_int_eq(emf_record_load(&point_record, sent.points, 9, false, &got), -EBADMSG);
}
END_TEST

START_TEST(counts_are_within_their_bounds)
{
	static const uint32_t wrong[] = { 4, 101, 0x80000000, 0xffffffff };

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		setup();
		sent.points_len = wrong[i];
		ck_assert_int_eq(load(offsetof(struct rich, tail) + 3, false), -EINVAL);
		ck_assert_int_eq(load(offsetof(struct rich, tail) + 3, true), -EINVAL);
	}
	for (size_t i = 1; i < sizeof(wrong) / sizeof(*wrong); i++) {
		setup();
		sent.tail_len = wrong[i];
		ck_assert_int_eq(load(offsetof(struct rich, tail) + 3, false), -EBADMSG);
		ck_assert_int_eq(load(sizeof(sent), true), -EBADMSG);
	}
}
END_TEST

START_TEST(values_are_known_ones_and_texts_have_an_end)
{
	struct point *last = &sent.points[1];

	last->is_set = 7;
	ck_assert_int_eq(load(wire(), false), -EINVAL);
	*last = (struct point){ .kind = 4 };
	ck_assert_int_eq(load(wire(), false), -EINVAL);
	*last = (struct point){ .flags = 4 };
	ck_assert_int_eq(load(wire(), false), -EINVAL);
	*last = (struct point){ .flags = 0x103, .kind = 1 };
	ck_assert_int_eq(load(wire(), false), 0);
	sent.points[2].is_set = 7; /* of no use, and not looked at */
	ck_assert_int_eq(load(wire(), false), 0);
	memset(sent.name, 'n', sizeof(sent.name));
	ck_assert_int_eq(load(wire(), false), -EINVAL);
}
END_TEST

START_TEST(numbers_are_in_their_range_and_those_that_an_older_sender_does_not_know_are_not_asked)
{
	static const struct emf_range of_a = { -2, 5 }, of_b = { 1, 512 };
	static const struct emf_member members[] = {
		{ .name = "a", .type = EMF_S32, .offset = 0, .size = 4, .count = 1, .range = &of_a },
		{ .name = "b", .type = EMF_BE32, .offset = 4, .size = 4, .count = 1, .range = &of_b },
	};
	static const struct emf_record record = { .name = "r", .size = 8, .fixed = 8, .n = 2, .members = members };
	struct {
		int32_t a;
		uint8_t b[4];
	} r = { -2, { 0, 0, 2, 0 } }, out;

	ck_assert_int_eq(emf_record_load(&record, &r, 8, false, &out), 0);
	r.a = -3;
	ck_assert_int_eq(emf_record_load(&record, &r, 8, false, &out), -EINVAL);
	r.a = 5;
	r.b[3] = 1; /* 513 */
	ck_assert_int_eq(emf_record_load(&record, &r, 8, false, &out), -EINVAL);
	ck_assert_int_eq(emf_record_load(&record, &r, 4, true, &out), 0);
	ck_assert_int_eq(emf_record_load(&record, &r, 4, false, &out), -EBADMSG);
}
END_TEST

START_TEST(of_another_minor_version_what_lacks_is_zero_and_what_is_more_is_left_out)
{
	struct {
		struct rich rich;
		uint32_t more;
	} newer = { .more = 9 };

	ck_assert_int_eq(load(8 + 12, true), 0); /* up to the middle of the second point */
	ck_assert_uint_eq(got.points[1].x, 2);
	ck_assert_int_eq(got.points[1].is_set, 0);
	ck_assert_str_eq(got.name, "");
	ck_assert_uint_eq(got.tail_len, 0);
	ck_assert_int_eq(load(0, true), 0);
	/* Who has a member behind the last array sends all of that array. */
	newer.rich = sent;
	ck_assert_int_eq(emf_record_load(&rich_record, &newer, sizeof(newer), true, &got), 0);
	ck_assert_mem_eq(&got, &sent, sizeof(got));
	ck_assert_int_eq(emf_record_load(&rich_record, &newer, sizeof(newer), false, &got), -EBADMSG);
	sent.tail_len = 50; /* and says no more than it sends */
	ck_assert_int_eq(load(rich_record.fixed + 49, true), -EBADMSG);
}
END_TEST

static int collect(enum emf_type type, int *fd, void *arg)
{
	int *sum = arg;

	ck_assert_int_eq(type, EMF_FD);
	*sum = *sum * 10 + *fd;
	return *fd == 9 ? -EBADF : 0;
}

START_TEST(descriptors_are_found_in_their_order_as_far_as_arrays_are_used)
{
	int sum = 0;

	ck_assert(emf_record_has_fds(&rich_record));
	ck_assert(!emf_record_has_fds(&path_record) && !emf_record_has_fds(NULL));
	sent.file = 3;
	ck_assert_int_eq(emf_record_fds(&rich_record, &sent, collect, &sum), 0);
	ck_assert_int_eq(sum, 37);
	sum = 0;
	sent.file = 9;
	ck_assert_int_eq(emf_record_fds(&rich_record, &sent, collect, &sum), -EBADF);
	ck_assert_int_eq(sum, 9);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("record");
	TCase *c = tcase_create("record");

	tcase_add_checked_fixture(c, setup, NULL);
	tcase_add_test(c, the_unused_end_of_the_last_array_does_not_travel_and_comes_back_as_zeroes);
	tcase_add_test(c, what_is_not_of_its_size_is_refused);
	tcase_add_test(c, counts_are_within_their_bounds);
	tcase_add_test(c, values_are_known_ones_and_texts_have_an_end);
	tcase_add_test(c, numbers_are_in_their_range_and_those_that_an_older_sender_does_not_know_are_not_asked);
	tcase_add_test(c, of_another_minor_version_what_lacks_is_zero_and_what_is_more_is_left_out);
	tcase_add_test(c, descriptors_are_found_in_their_order_as_far_as_arrays_are_used);
	suite_add_tcase(s, c);
	return s;
}

int main(void)
{
	return unit_main(suite());
}
