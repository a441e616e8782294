// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * test_event.c - without these, a column could stand under another heading, an array be
 * read beyond what is used of it, and a record drive the terminal or overrun a line.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include <emf/output.h>

#include "event.h"
#include "log.h"
#include "unit.h"

#define MEMBER(struct_, member, type_, ...)                                                                          \
	{ .name = #member, .type = type_, .offset = offsetof(struct struct_, member),                                \
	  .size = sizeof(((struct struct_ *)0)->member), .count = 1, __VA_ARGS__ }

struct place {
	uint32_t address;
	uint16_t port;
	uint16_t kind;
};

static const struct emf_name kinds[] = { { "TCP", 6 }, { "UDP", 17 }, { NULL, 0 } };
static const struct emf_member place_members[] = {
	MEMBER(place, address, EMF_IP4),
	MEMBER(place, port, EMF_BE16),
	MEMBER(place, kind, EMF_ENUM, .names = kinds),
};
static const struct emf_record place_record = { "place", sizeof(struct place), sizeof(struct place), 3, place_members };

struct opened {
	uint32_t pid;
	uint32_t flags;
	char comm[16];
	struct place place;
	uint64_t after;
};

static const struct emf_name flags[] = { { "NEW", 1 }, { "SLOW", 4 }, { NULL, 0 } };
static const struct emf_member opened_members[] = {
	MEMBER(opened, pid, EMF_PID),
	MEMBER(opened, flags, EMF_FLAGS, .names = flags),
	MEMBER(opened, comm, EMF_COMM),
	MEMBER(opened, place, EMF_STRUCT, .record = &place_record),
	MEMBER(opened, after, EMF_DURATION),
};
static const struct emf_record opened_record = { "opened", sizeof(struct opened), sizeof(struct opened), 5, opened_members };

struct listed {
	uint16_t pair[2];
	uint32_t numbers_len;
	uint32_t numbers[3];
	uint32_t text_len;
	char text[4096];
};

static const struct emf_member listed_members[] = {
	{ .name = "pair", .type = EMF_U16, .offset = offsetof(struct listed, pair), .size = 2, .count = 2 },
	{ .name = "numbers", .type = EMF_U32, .offset = offsetof(struct listed, numbers), .size = 4, .count = 3, .bounded = 1,
	  .len_offset = offsetof(struct listed, numbers_len) },
	{ .name = "text", .type = EMF_CHAR, .offset = offsetof(struct listed, text), .size = 1, .count = 4096, .bounded = 1,
	  .len_offset = offsetof(struct listed, text_len) },
};
static const struct emf_record listed_record = { "listed", sizeof(struct listed), offsetof(struct listed, text), 3, listed_members };

static void record(struct module *m, const void *data, size_t size_bytes)
{
	(void)m;
	(void)data;
	(void)size_bytes;
}

static const struct emf_event_source only_opened[] = { { .ring = "event_opened", .record = record, .printed = &opened_record },
							{ .ring = "event_handled", .record = record }, { .ring = NULL } };
static const struct emf_event_source only_listed[] = { { .ring = "event_listed", .record = record, .printed = &listed_record }, { .ring = NULL } };
static const struct emf_event_source both[] = { { .ring = "event_opened", .record = record, .printed = &opened_record },
						{ .ring = "event_listed", .record = record, .printed = &listed_record }, { .ring = NULL } };

static struct module m;
static struct module *const modules[] = { &m, NULL };
static struct unit_capture capture;
static struct emf emf;

static void setup(void)
{
	m = (struct module){ .name = "m" };
	unit_product_init(&emf, modules);
}

static void teardown(void)
{
	unit_product_fini(&emf);
}

static struct opened an_opened(void)
{
	return (struct opened){ .pid = 42, .flags = 5, .comm = "ssh", .after = 1500000000,
				.place = { htonl(0x0a000001), htons(22), 6 } };
}

/* What is printed of one record, below a heading if there is one. */
static const char *printed(const struct emf_event_source *events, const struct emf_record *what, const void *data)
{
	m.events = events;
	emf_show_fini(&m.unit->shown);
	unit_capture_begin(&capture, stdout);
	emf_event_print_heading(m.unit);
	emf_event_print(&m, what, data);
	return unit_capture_end(&capture);
}

START_TEST(a_module_with_one_printed_event_has_a_table)
{
	const struct opened opened = an_opened();

	ck_assert_str_eq(printed(only_opened, &opened_record, &opened),
			 "    PID FLAGS            COMM             PLACE   AFTER\n"
			 "     42 NEW|SLOW         ssh              {address=10.0.0.1 port=22 kind=TCP}  1500ms\n");
}
END_TEST

START_TEST(a_module_with_several_printed_events_has_lines_of_names_and_values)
{
	const struct opened opened = an_opened();

	ck_assert_str_eq(printed(both, &opened_record, &opened),
			 "opened pid=42 flags=NEW|SLOW comm=ssh place={address=10.0.0.1 port=22 kind=TCP} after=1500ms\n");
}
END_TEST

START_TEST(values_without_a_name_are_printed_as_numbers)
{
	struct opened opened = an_opened();

	opened.flags = 0xa;
	opened.place.kind = 99;
	ck_assert_str_eq(printed(both, &opened_record, &opened),
			 "opened pid=42 flags=0xa comm=ssh place={address=10.0.0.1 port=22 kind=99} after=1500ms\n");
}
END_TEST

START_TEST(a_name_of_a_process_does_not_drive_the_terminal)
{
	struct opened opened = an_opened();

	memcpy(opened.comm, "\033[2J\r\n\x9b\xff no end..", 16);
	unit_contains(printed(both, &opened_record, &opened), " comm=\\x1b[2J\\r\\n\\x9b\\xff no end. place={");
}
END_TEST

START_TEST(of_a_bounded_array_only_what_is_used_is_printed)
{
	static struct listed listed = { .pair = { 1, 65535 }, .numbers_len = 2, .numbers = { 7, 8, 9 }, .text_len = 5 };

	memcpy(listed.text, "abcde", 6);
	ck_assert_str_eq(printed(both, &listed_record, &listed), "listed pair=[1,65535] numbers=[7,8] text=abcde\n");
	listed.numbers_len = 0;
	listed.text[2] = '\0';
	ck_assert_str_eq(printed(both, &listed_record, &listed), "listed pair=[1,65535] numbers=[] text=ab\\x00de\n");
	ck_assert_str_eq(printed(only_listed, &listed_record, &listed), "PAIR NUMBERS TEXT\n[1,65535] []      ab\\x00de\n");
	/* A length that cannot be is no reason to read beyond the end. */
	listed.numbers_len = UINT32_MAX;
	ck_assert_str_eq(printed(both, &listed_record, &listed), "listed pair=[1,65535] numbers=[7,8,9] text=ab\\x00de\n");
}
END_TEST

/* --- records that are longer than a line */

#define MANY 100000

static const struct emf_member many_members[] = {
	{ .name = "many", .type = EMF_U64, .size = 8, .count = MANY },
};
static const struct emf_record many_record = { "many", 8 * MANY, 8 * MANY, 1, many_members };
static const struct emf_event_source only_many[] = { { .ring = "event_many", .record = record, .printed = &many_record }, { .ring = NULL } };

START_TEST(a_record_that_is_longer_than_a_line_is_not_printed_and_told_once)
{
	static uint64_t numbers[MANY];

	memset(numbers, 0xff, sizeof(numbers));
	ck_assert_str_eq(printed(only_many, &many_record, numbers), "MANY\n");
	ck_assert_uint_eq(m.unit->malformed, 1);
	unit_capture_begin(&capture, stderr);
	emf_event_print(&m, &many_record, numbers);
	ck_assert_str_eq(unit_capture_end(&capture), "");
	ck_assert_uint_eq(m.unit->malformed, 2);
}
END_TEST

START_TEST(a_value_that_is_wider_than_its_column_is_whole_and_apart_from_the_next)
{
	static const struct emf_member members[] = {
		{ .name = "list", .type = EMF_U64, .size = 8, .count = 40 },
		{ .name = "last", .type = EMF_U8, .offset = 320, .size = 1, .count = 1 },
	};
	static const struct emf_record wide = { "wide", 321, 321, 2, members };
	static const struct emf_event_source events[] = { { .ring = "event_wide", .record = record, .printed = &wide }, { .ring = NULL } };
	unsigned char data[321];
	const char *text;

	memset(data, 0xff, sizeof(data));
	text = printed(events, &wide, data);
	ck_assert_uint_eq(strlen(text), strlen("LIST    LAST\n") + 40 * 21 + 1 + strlen("     255\n"));
	unit_contains(text, ",18446744073709551615]     255\n");
}
END_TEST

START_TEST(structs_in_structs_end_somewhere)
{
	static struct emf_member self = { .name = "s", .type = EMF_STRUCT, .size = 1, .count = 1 };
	static const struct emf_record nested = { "nested", 1, 1, 1, &self };
	static const struct emf_event_source events[] = { { .ring = "e", .record = record, .printed = &nested }, { .ring = "f", .record = record, .printed = &opened_record }, { .ring = NULL } };
	const char data = 0;

	self.record = &nested;
	ck_assert_str_eq(printed(events, &nested, &data), "nested s={s={s={s={s={s={s={s={s={...}}}}}}}}}\n");
}
END_TEST

START_TEST(a_service_prints_nothing)
{
	const struct opened opened = an_opened();

	emf.serving = true;
	ck_assert_str_eq(printed(both, &opened_record, &opened), "");
	ck_assert_str_eq(printed(only_opened, &opened_record, &opened), "");
}
END_TEST

START_TEST(a_module_that_prints_no_event_has_no_heading)
{
	static const struct emf_event_source handled[] = { { .ring = "event_handled", .record = record }, { .ring = NULL } };

	m.events = handled;
	unit_capture_begin(&capture, stdout);
	emf_event_print_heading(m.unit);
	m.events = NULL;
	emf_event_print_heading(m.unit);
	ck_assert_str_eq(unit_capture_end(&capture), "");
}
END_TEST

START_TEST(records_that_are_too_short_are_counted_and_told_once)
{
	unit_capture_begin(&capture, stderr);
	for (int i = 0; i < 3; i++)
		emf_event_malformed(&m, "opened", 7);
	unit_capture_end(&capture);
	ck_assert_uint_eq(m.unit->malformed, 3);
	ck_assert_str_eq(capture.text, "m: a record of event 'opened' has 7 bytes, which is too few: "
				       "kernel part and user part are of different versions, or the type is another one\n");
}
END_TEST

START_TEST(malformed_records_are_in_the_sum_at_the_end_and_a_tool_fails_by_them)
{
	m.events = only_opened;
	emf_show_know(m.unit);
	emf_log_set_level(EMF_LOG_DEBUG);
	for (int malformed = 0; malformed < 2; malformed++) {
		m.unit->malformed = malformed ? 31 : 0;
		unit_capture_begin(&capture, stderr);
		emf_show_summary(m.unit);
		ck_assert_str_eq(unit_capture_end(&capture), malformed ? "m: 0 events seen, 0 sent, 0 dropped, 31 malformed; 0 printed, 0 filtered out\n" :
									 "m: 0 events seen, 0 sent, 0 dropped; 0 printed, 0 filtered out\n");
		ck_assert_int_eq(emf.exit_status, malformed ? EMF_EXIT_FAILED : EMF_EXIT_OK);
	}
	emf.exit_status = EMF_EXIT_OK;
	emf_log_set_level(EMF_LOG_INFO);
}
END_TEST

/* --- records whose types were found in the kernel part */

struct tailed { /* as it is sent */
	uint32_t id;
	uint16_t n;
	uint16_t tail[5];
};

struct laid_out { /* as the record is */
	uint32_t id;
	uint16_t n;
	uint32_t tail_len;
	uint16_t tail[6];
};

static const struct emf_member tailed_members[] = {
	MEMBER(laid_out, id, EMF_U32),
	MEMBER(laid_out, n, EMF_U16),
	{ .name = "tail", .type = EMF_U16, .offset = offsetof(struct laid_out, tail), .size = 2, .count = 6, .bounded = 1,
	  .len_offset = offsetof(struct laid_out, tail_len) },
};
static const struct emf_record tailed_record = { "tailed", sizeof(struct laid_out), offsetof(struct laid_out, tail), 3, tailed_members };

struct named {
	int32_t id;
	char name[12];
};

static const struct emf_member named_members[] = { MEMBER(named, id, EMF_S32), MEMBER(named, name, EMF_STRING) };
static const struct emf_record named_record = { "named", sizeof(struct named), offsetof(struct named, name), 2, named_members };
static const struct emf_event_type types[] = { { .id = 7, .record = &tailed_record, .tail = offsetof(struct tailed, tail), .tail_max = 5 },
					      { .id = (uint64_t)-2, .record = &named_record } };
static const struct emf_event_source two_types[] = { { .ring = "ring", .record = record, .printed = &tailed_record },
						     { .ring = "ring", .printed = &named_record }, { .ring = NULL } };

static const char *delivered(const struct emf_event_type *of, size_t n, const void *data, size_t size_bytes)
{
	m.events = two_types;
	emf_show_know(m.unit);
	unit_capture_begin(&capture, stdout);
	emf_event_deliver(&m, &(struct emf_event_source){ .ring = "ring", .types = of, .n_types = n }, data, size_bytes);
	return unit_capture_end(&capture);
}

START_TEST(a_record_that_is_too_short_is_told_with_both_sizes)
{
	char wanted[128];

	m.events = two_types;
	unit_capture_begin(&capture, stderr);
	emf_event_malformed(&m, "tailed", 3);
	unit_capture_end(&capture);
	snprintf(wanted, sizeof(wanted), "a record of event 'tailed' has 3 bytes of at least %zu, which is too few: ", offsetof(struct laid_out, tail));
	ck_assert_msg(strstr(capture.text, wanted), "%s", capture.text);
}
END_TEST

START_TEST(an_array_at_the_end_has_as_many_elements_as_came)
{
	const struct tailed tailed[2] = { { .id = 7, .n = 3, .tail = { 1, 2, 3, 4, 5 } }, { .id = 6 } };
	size_t tail = offsetof(struct tailed, tail);

	ck_assert_str_eq(delivered(types, 1, tailed, tail), "tailed id=7 n=3 tail=[]\n");
	ck_assert_str_eq(delivered(types, 1, tailed, tail + 4), "tailed id=7 n=3 tail=[1,2]\n");
	ck_assert_str_eq(delivered(types, 1, tailed, tail + 5), "tailed id=7 n=3 tail=[1,2]\n");
	ck_assert_str_eq(delivered(types, 1, tailed, sizeof(tailed)), "tailed id=7 n=3 tail=[1,2,3,4,5]\n");
	ck_assert_uint_eq(m.unit->malformed, 0);
	ck_assert_str_eq(delivered(types, 1, tailed, tail - 1), "");
	ck_assert_uint_eq(m.unit->malformed, 1);
}
END_TEST

START_TEST(a_text_at_the_end_may_be_cut)
{
	const struct named whole = { -2, "twelve bytes" }, first = { -2, "longer once" };

	ck_assert_str_eq(delivered(types + 1, 1, &first, sizeof(first)), "named id=-2 name=longer once\n");
	ck_assert_str_eq(delivered(types + 1, 1, &whole, offsetof(struct named, name) + 3), "named id=-2 name=twe\n");
	ck_assert_str_eq(delivered(types + 1, 1, &whole, sizeof(whole) + 4), "named id=-2 name=twelve bytes\n");
}
END_TEST

START_TEST(the_first_member_says_which_of_several_types_a_record_has)
{
	const struct tailed tailed = { .id = 7, .n = 1 };
	const struct named named = { -2, "x" }, other = { 8, "x" };

	ck_assert_str_eq(delivered(types, 2, &tailed, 8), "tailed id=7 n=1 tail=[0]\n");
	ck_assert_str_eq(delivered(types, 2, &named, sizeof(named)), "named id=-2 name=x\n");
	unit_capture_begin(&capture, stderr);
	emf_event_deliver(&m, &(struct emf_event_source){ .ring = "ring", .types = types, .n_types = 2 }, &other, sizeof(other));
	emf_event_deliver(&m, &(struct emf_event_source){ .ring = "ring", .types = types, .n_types = 2 }, &other, 3);
	ck_assert_str_eq(unit_capture_end(&capture), "m: a record of 'ring' begins with 8, and no EMF_EVENT() has that value\n");
	ck_assert_uint_eq(m.unit->malformed, 2);
}
END_TEST

START_TEST(a_record_can_be_a_line_of_json_without_a_heading)
{
	const struct opened opened = an_opened();

	emf.show.form = EMF_FORM_JSON;
	ck_assert_str_eq(printed(only_opened, &opened_record, &opened),
			 "{\"module\":\"m\",\"event\":\"opened\",\"args\":{\"pid\":42,\"flags\":[\"NEW\",\"SLOW\"],\"comm\":\"ssh\","
			 "\"place\":{\"address\":\"10.0.0.1\",\"port\":22,\"kind\":\"TCP\"},\"after\":1500000000}}\n");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("event");
	TCase *c = tcase_create("lines");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, a_module_with_one_printed_event_has_a_table);
	tcase_add_test(c, a_module_with_several_printed_events_has_lines_of_names_and_values);
	tcase_add_test(c, values_without_a_name_are_printed_as_numbers);
	tcase_add_test(c, a_name_of_a_process_does_not_drive_the_terminal);
	tcase_add_test(c, of_a_bounded_array_only_what_is_used_is_printed);
	tcase_add_test(c, a_record_that_is_longer_than_a_line_is_not_printed_and_told_once);
	tcase_add_test(c, a_value_that_is_wider_than_its_column_is_whole_and_apart_from_the_next);
	tcase_add_test(c, structs_in_structs_end_somewhere);
	tcase_add_test(c, a_service_prints_nothing);
	tcase_add_test(c, a_module_that_prints_no_event_has_no_heading);
	tcase_add_test(c, records_that_are_too_short_are_counted_and_told_once);
	tcase_add_test(c, malformed_records_are_in_the_sum_at_the_end_and_a_tool_fails_by_them);
	tcase_add_test(c, a_record_that_is_too_short_is_told_with_both_sizes);
	tcase_add_test(c, an_array_at_the_end_has_as_many_elements_as_came);
	tcase_add_test(c, a_text_at_the_end_may_be_cut);
	tcase_add_test(c, the_first_member_says_which_of_several_types_a_record_has);
	tcase_add_test(c, a_record_can_be_a_line_of_json_without_a_heading);
	suite_add_tcase(s, c);
	return s;
}

int main(void)
{
	return unit_main(suite());
}
