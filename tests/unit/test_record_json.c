// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * test_record_json.c - without these, what a person writes could reach a module as
 * something else, or a mistake be told without a word about where it is.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "record.h"
#include "record_json.h"
#include "unit.h"

enum kind { PLAIN, LOUD };

struct key {
	uint32_t saddr;
	uint16_t port;
	uint16_t pad;
};

struct row {
	struct key key;
	uint64_t bytes;
};

struct all {
	uint64_t n;
	int32_t level;
	uint8_t kind, on, mac[6];
	uint32_t flags;
	uint64_t wait;
	int32_t error, signo;
	uint32_t uid;
	char name[8];
	uint16_t ports[3];
	uint16_t pad;
	uint32_t text_len;
	char text[12];
	uint32_t rows_len;
	uint32_t pad2;
	struct row rows[4];
};

static const struct emf_name kinds[] = { { "PLAIN", 0 }, { "LOUD", 1 }, { NULL, 0 } };
static const struct emf_name flags[] = { { "SEEN", 1 }, { "SLOW", 2 }, { NULL, 0 } };

#define MEMBER(record, member, kind_, size_) \
	.name = #member, .type = kind_, .offset = offsetof(struct record, member), .size = size_, .count = 1

static const struct emf_member key_members[] = {
	{ MEMBER(key, saddr, EMF_IP4, 4) },
	{ MEMBER(key, port, EMF_U16, 2), .range = &(const struct emf_range){ 1, 1000 }, .initial = "80" },
};
static const struct emf_record key_record = { "key", sizeof(struct key), sizeof(struct key), 2, key_members };
static const struct emf_member row_members[] = {
	{ MEMBER(row, key, EMF_STRUCT, sizeof(struct key)), .record = &key_record },
	{ MEMBER(row, bytes, EMF_U64, 8), .initial = "7" },
};
static const struct emf_record row_record = { "row", sizeof(struct row), sizeof(struct row), 2, row_members };
static const struct emf_member all_members[] = {
	{ MEMBER(all, n, EMF_U64, 8) },
	{ MEMBER(all, level, EMF_S32, 4), .initial = "-3" },
	{ MEMBER(all, kind, EMF_ENUM, 1), .names = kinds, .initial = "LOUD" },
	{ MEMBER(all, on, EMF_BOOL, 1), .initial = "yes" },
	{ MEMBER(all, mac, EMF_MAC, 6), .initial = "02:00:00:00:00:01" },
	{ MEMBER(all, flags, EMF_FLAGS, 4), .names = flags, .initial = "0" },
	{ MEMBER(all, wait, EMF_DURATION, 8), .initial = "5ms" },
	{ MEMBER(all, error, EMF_ERRNO, 4), .initial = "ENOENT" },
	{ MEMBER(all, signo, EMF_SIGNO, 4), .initial = "SIGTERM" },
	{ MEMBER(all, uid, EMF_UID, 4), .initial = "root" },
	{ MEMBER(all, name, EMF_STRING, 8), .initial = "x" },
	{ .name = "ports", .type = EMF_U16, .offset = offsetof(struct all, ports), .size = 2, .count = 3, .initial = "1" },
	{ .name = "text", .type = EMF_CHAR, .offset = offsetof(struct all, text), .size = 1, .count = 12, .bounded = 1,
	  .len_offset = offsetof(struct all, text_len), .initial = "" },
	{ .name = "rows", .type = EMF_STRUCT, .offset = offsetof(struct all, rows), .size = sizeof(struct row), .count = 4,
	  .bounded = 1, .len_offset = offsetof(struct all, rows_len), .record = &row_record, .initial = "" },
};
static const struct emf_record all_record = { "all", sizeof(struct all), offsetof(struct all, rows), 14, all_members };

static char why[EMF_RECORD_WHY_MAX];
static struct all all;

static int from(const char *text)
{
	json_t *json = json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	int err;

	ck_assert_ptr_nonnull(json);
	err = emf_record_from_json(&all_record, json, &all, why);
	json_decref(json);
	return err;
}

/* A mistake, and what is told of it. */
static void refused(const char *text, const char *part)
{
	ck_assert_int_eq(from(text), -EINVAL);
	unit_contains(why, part);
}

static int words(int n, const char *const *of)
{
	json_t *json;
	int err = emf_record_words(&all_record, of, n, &json, why);

	if (err)
		return err;
	err = emf_record_from_json(&all_record, json, &all, why);
	json_decref(json);
	return err;
}

START_TEST(what_is_missing_is_its_default)
{
	ck_assert_msg(!from("{\"n\":1}"), "%s", why);
	ck_assert_int_eq(all.level, -3);
	ck_assert_int_eq(all.kind, LOUD);
	ck_assert_int_eq(all.on, 1);
	ck_assert_int_eq(all.mac[5], 1);
	ck_assert_uint_eq(all.wait, 5000000);
	ck_assert_int_eq(all.error, -ENOENT);
	ck_assert_int_eq(all.signo, 15);
	ck_assert_int_eq(all.ports[2], 1);
	ck_assert_str_eq(all.name, "x");
	ck_assert_uint_eq(all.rows_len, 0);
	refused("{}", "n: is missing: a number, not negative");
}
END_TEST

START_TEST(a_record_comes_back_as_it_went)
{
	static const char text[] =
		"{\"n\": \"18446744073709551615\", \"level\": -1, \"kind\": \"PLAIN\", \"on\": false, \"mac\": "
		"\"02:00:00:00:00:07\", \"flags\": [\"SEEN\", \"SLOW\"], \"wait\": 250, \"error\": \"EPERM\", \"signo\": "
		"\"SIGINT\", \"uid\": 1000, \"name\": \"\\u00e4\", \"ports\": [1, 2, 3], \"text\": \"a\\nb\", \"rows\": [{\"key\": "
		"{\"saddr\": \"10.0.0.1\", \"port\": 22}, \"bytes\": 9223372036854775807}]}";
	json_t *before = json_loads(text, 0, NULL), *after;

	ck_assert_msg(!from(text), "%s", why);
	ck_assert(all.n == UINT64_MAX);
	ck_assert_uint_eq(all.flags, 0x3);
	ck_assert_uint_eq(all.rows_len, 1);
	after = emf_record_to_json(&all_record, &all);
	ck_assert(json_equal(before, after));
	json_decref(before);
	json_decref(after);
}
END_TEST

START_TEST(people_write_texts_where_numbers_are)
{
	ck_assert_int_eq(from("{\"n\":\"0x10\",\"wait\":\"2s\",\"uid\":\"root\",\"on\":\"off\",\"flags\":\"SEEN|SLOW\","
			      "\"signo\":9,\"error\":-2,\"level\":\"-5\"}"), 0);
	ck_assert_uint_eq(all.n, 16);
	ck_assert_uint_eq(all.wait, 2000000000);
	ck_assert_int_eq(all.on, 0);
	ck_assert_uint_eq(all.flags, 3);
	ck_assert_int_eq(all.signo, 9);
	ck_assert_int_eq(all.error, -ENOENT);
}
END_TEST

START_TEST(a_mistake_names_the_member_and_what_was_expected)
{
	refused("{\"n\":-1}", "n: -1 does not fit: it is a number, not negative of 8 bytes");
	refused("{\"n\":1.5}", "n: a number with a fraction is not a number");
	refused("{\"n\":true}", "n: true is not a number");
	refused("{\"n\":1,\"kind\":\"LOUT\"}", "kind: \"LOUT\" is not one of its names; did you mean 'LOUD'?");
	refused("{\"n\":1,\"kind\":1}", "kind: a number is not one of its names");
	refused("{\"n\":1,\"flags\":[\"FAST\"]}", "there are: SEEN, SLOW");
	refused("{\"n\":1,\"flags\":[1]}", "flags: a number is not names of flags");
	refused("{\"n\":1,\"name\":\"12345678\"}", "is longer than 7 bytes");
	refused("{\"n\":1,\"name\":\"a\\u0000b\"}", "a text with a NUL in it");
	refused("{\"n\":1,\"name\":5}", "name: a number is not a text");
	refused("{\"n\":1,\"levle\":1}", "unknown name 'levle'; did you mean 'level'?");
	refused("{\"n\":1,\"ports\":[1,2]}", "ports: 2 elements, and it has 3");
	refused("{\"n\":1,\"ports\":[1,2,65536]}", "ports[2]: 65536 does not fit");
	refused("{\"n\":1,\"text\":\"1234567890123\"}", "text: a text of 13 bytes is longer than 12");
	refused("{\"n\":1,\"rows\":[{},{},{},{},{}]}", "rows: 5 elements, and there may be at most 4");
	refused("{\"n\":1,\"rows\":{}}", "rows: an object is not an array");
	refused("{\"n\":1,\"rows\":[1]}", "rows[0]: a number is not an object");
	refused("[]", "an array is not an object");
}
END_TEST

START_TEST(a_mistake_far_inside_is_named_by_its_path)
{
	refused("{\"n\":1,\"rows\":[{\"key\":{\"saddr\":\"1.1.1.1\"}},{\"key\":{\"saddr\":\"1.1.1\"}}]}",
		"rows[1].key.saddr: \"1.1.1\" is not an IPv4 address");
	refused("{\"n\":1,\"rows\":[{\"key\":{\"saddr\":\"1.1.1.1\",\"port\":1001}}]}",
		"rows[0].key.port: 1001 is out of range (1 to 1000)");
	refused("{\"n\":1,\"rows\":[{\"key\":{}}]}", "rows[0].key.saddr: is missing");
	refused("{\"n\":1,\"rows\":[{\"key\":{\"sadr\":1}}]}", "rows[0].key: unknown name 'sadr'; did you mean 'saddr'?");
}
END_TEST

START_TEST(words_are_values_arrays_and_members_of_structs)
{
	const char *const of[] = { "n=5", "ports=1,0x2,3", "name=a b", "rows=[{\"key\":{\"saddr\":\"1.1.1.1\"}}]", "flags=SEEN,SLOW",
			     "text=x=y" };
	const char *const json[] = { "{\"n\": 6}" };

	ck_assert_msg(!words(6, of), "%s", why);
	ck_assert_uint_eq(all.n, 5);
	ck_assert_int_eq(all.ports[1], 2);
	ck_assert_str_eq(all.name, "a b");
	ck_assert_uint_eq(all.flags, 3);
	ck_assert_uint_eq(all.text_len, 3);
	ck_assert_uint_eq(all.rows_len, 1);
	ck_assert_uint_eq(all.rows[0].bytes, 7);
	ck_assert_int_eq(all.rows[0].key.port, 80);
	ck_assert_int_eq(words(1, json), 0);
	ck_assert_uint_eq(all.n, 6);
}
END_TEST

START_TEST(members_of_structs_are_named_with_a_dot)
{
	const char *const of[] = { "key.saddr=10.0.0.1", "key.port=5", "bytes=1" };
	const char *const twice[] = { "key.saddr=10.0.0.1", "key.saddr=10.0.0.2" };
	struct row row;
	json_t *json;

	ck_assert_int_eq(emf_record_words(&row_record, of, 3, &json, why), 0);
	ck_assert_int_eq(emf_record_from_json(&row_record, json, &row, why), 0);
	ck_assert_int_eq(row.key.port, 5);
	json_decref(json);
	ck_assert_int_eq(emf_record_words(&row_record, twice, 2, &json, why), -EINVAL);
	unit_contains(why, "key.saddr: is given twice");
	ck_assert_int_eq(emf_record_words(&row_record, &(const char *){ "key.prt=5" }, 1, &json, why), -EINVAL);
	unit_contains(why, "key: unknown name 'prt'; did you mean 'port'?");
}
END_TEST

START_TEST(wrong_words_are_told)
{
	static const struct {
		const char *word;
		const char *part;
	} wrong[] = {
		{ "n", "'n' is neither NAME=VALUE nor JSON" },
		{ "=5", "is neither NAME=VALUE" },
		{ "banana=5", "unknown name 'banana'; there are: n, level" },
		{ "n.x=5", "n.x: 'n' is no struct" },
		{ "rows=1", "rows: is an array of structs" },
		{ "rows=[", "rows: is no JSON" },
		{ "{\"n\":18446744073709551615}", "has to be in quotes" },
		{ "{\"n\":1,\"n\":2}", "is no JSON: duplicate object key" },
		{ "{n:1}", "is no JSON: a name in double quotes or '}' is expected" },
		{ "rows.=1", "'rows' is no struct" },
		{ "n..m=1", "'n' is no struct" },
		{ ".=1", "'.=': a name is empty" },
		{ "name=\xff", "name: is not valid UTF-8" },
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		ck_assert_int_eq(words(1, &(const char *){ wrong[i].word }), -EINVAL);
		unit_contains(why, wrong[i].part);
	}
}
END_TEST

START_TEST(no_members_take_no_words)
{
	const char *const of[] = { "n=5" };
	json_t *json;

	ck_assert_int_eq(emf_record_words(NULL, of, 0, &json, why), 0);
	ck_assert_int_eq(emf_record_from_json(NULL, json, NULL, why), 0);
	json_decref(json);
	ck_assert_int_eq(emf_record_words(NULL, of, 1, &json, why), -EINVAL);
	unit_contains(why, "there is nothing to be given");
}
END_TEST

/* A byte of one place to another, and some of any value. */
static void mutate(char *text, size_t len, unsigned int *seed)
{
	for (int n = 1 + rand_r(seed) % 4; n; n--)
		text[(size_t)rand_r(seed) % len] = rand_r(seed) % 8 ? text[(size_t)rand_r(seed) % len] : (char)(1 + rand_r(seed) % 255);
}

START_TEST(random_changes_are_told_or_end_in_a_record_that_can_be_written_again)
{
	static const char text[] = "{\"n\":18,\"level\":-1,\"kind\":\"PLAIN\",\"on\":false,\"mac\":\"02:00:00:00:00:07\",\"flags\":"
				   "[\"SEEN\",\"SLOW\"],\"wait\":\"2ms\",\"error\":\"EPERM\",\"signo\":9,\"uid\":1000,\"name\":\"a\","
				   "\"ports\":[1,2,3],\"text\":\"ab\",\"rows\":[{\"key\":{\"saddr\":\"10.0.0.1\",\"port\":22},\"bytes\":9}]}";
	const char *count = getenv("EMF_FUZZ_COUNT");
	unsigned int seed = 1, n = count ? (unsigned int)atoi(count) : 20000, good = 0;
	char copy[sizeof(text)];

	for (unsigned int i = 0; i < n; i++) {
		const char *word = copy;
		json_t *json;

		memcpy(copy, text, sizeof(text));
		mutate(copy, sizeof(text) - 1, &seed);
		if (emf_record_words(&all_record, &word, 1, &json, why))
			continue;
		if (!emf_record_from_json(&all_record, json, &all, why)) {
			json_t *again = emf_record_to_json(&all_record, &all);

			ck_assert_ptr_nonnull(again);
			ck_assert(emf_record_wire_size(&all_record, &all) <= sizeof(all));
			json_decref(again);
			good++;
		}
		json_decref(json);
	}
	ck_assert_uint_gt(good, 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("record_json");
	TCase *c = tcase_create("forms");

	tcase_add_test(c, what_is_missing_is_its_default);
	tcase_add_test(c, a_record_comes_back_as_it_went);
	tcase_add_test(c, people_write_texts_where_numbers_are);
	tcase_add_test(c, a_mistake_names_the_member_and_what_was_expected);
	tcase_add_test(c, a_mistake_far_inside_is_named_by_its_path);
	tcase_add_test(c, words_are_values_arrays_and_members_of_structs);
	tcase_add_test(c, members_of_structs_are_named_with_a_dot);
	tcase_add_test(c, wrong_words_are_told);
	tcase_add_test(c, no_members_take_no_words);
	tcase_add_test(c, random_changes_are_told_or_end_in_a_record_that_can_be_written_again);
	tcase_set_timeout(c, 60);
	suite_add_tcase(s, c);
	return s;
}

int main(void)
{
	return unit_main(suite());
}
