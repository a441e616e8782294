// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * test_filter.c - without these, a filter could show what it should hide, or take a
 * mistake for an answer.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "filter.h"
#include "unit.h"

struct key {
	uint32_t saddr;
	uint16_t port;
	uint8_t pad[2];
};

struct seen {
	uint64_t took;
	struct key key;
	int32_t error;
	uint32_t pid;
	char comm[16];
	uint32_t kind;
	uint32_t path_len;
	char path[8];
	uint32_t daddr[4];
	uint8_t mac[6];
	uint8_t bits;
	int8_t s8;
	uint8_t state;
	uint32_t list[2];
	uint32_t from[4], to[4], nowhere[4];
	uint64_t container;
	int32_t status;
	uint32_t args_len;
	char args[16];
};

static const struct emf_name kinds[] = { { "READ", 1 }, { "WRITE", 2 }, { "BACK", UINT64_MAX }, { NULL, 0 } };
static const struct emf_member key_members[] = {
	{ .name = "saddr", .type = EMF_IP4, .offset = offsetof(struct key, saddr), .size = 4, .count = 1 },
	{ .name = "port", .type = EMF_BE16, .offset = offsetof(struct key, port), .size = 2, .count = 1 },
};
static const struct emf_record key_record = { "key", sizeof(struct key), sizeof(struct key), 2, key_members };
static const struct emf_member members[] = {
	{ .name = "took", .type = EMF_DURATION, .offset = offsetof(struct seen, took), .size = 8, .count = 1 },
	{ .name = "key", .type = EMF_STRUCT, .offset = offsetof(struct seen, key), .size = sizeof(struct key), .count = 1, .record = &key_record },
	{ .name = "error", .type = EMF_ERRNO, .offset = offsetof(struct seen, error), .size = 4, .count = 1 },
	{ .name = "pid", .type = EMF_PID, .offset = offsetof(struct seen, pid), .size = 4, .count = 1 },
	{ .name = "comm", .type = EMF_COMM, .offset = offsetof(struct seen, comm), .size = 16, .count = 1 },
	{ .name = "kind", .type = EMF_ENUM, .offset = offsetof(struct seen, kind), .size = 4, .count = 1, .names = kinds },
	{ .name = "path", .type = EMF_CHAR, .offset = offsetof(struct seen, path), .size = 1, .count = 8, .bounded = 1,
	  .len_offset = offsetof(struct seen, path_len) },
	{ .name = "daddr", .type = EMF_IP6, .offset = offsetof(struct seen, daddr), .size = 16, .count = 1 },
	{ .name = "mac", .type = EMF_MAC, .offset = offsetof(struct seen, mac), .size = 6, .count = 1 },
	{ .name = "bits", .type = EMF_U8, .offset = offsetof(struct seen, bits), .size = 1, .count = 1, .bits = 3, .shift = 2 },
	{ .name = "s8", .type = EMF_S8, .offset = offsetof(struct seen, s8), .size = 1, .count = 1 },
	{ .name = "state", .type = EMF_TCP_STATE, .offset = offsetof(struct seen, state), .size = 1, .count = 1 },
	{ .name = "from", .type = EMF_IP, .offset = offsetof(struct seen, from), .size = 16, .count = 1 },
	{ .name = "to", .type = EMF_IP, .offset = offsetof(struct seen, to), .size = 16, .count = 1 },
	{ .name = "nowhere", .type = EMF_IP, .offset = offsetof(struct seen, nowhere), .size = 16, .count = 1 },
	{ .name = "container", .type = EMF_CONTAINER, .offset = offsetof(struct seen, container), .size = 8, .count = 1 },
	{ .name = "status", .type = EMF_WAIT_STATUS, .offset = offsetof(struct seen, status), .size = 4, .count = 1 },
	{ .name = "args", .type = EMF_ARGV, .offset = offsetof(struct seen, args), .size = 1, .count = 16, .bounded = 1,
	  .len_offset = offsetof(struct seen, args_len) },
	{ .name = "list", .type = EMF_U32, .offset = offsetof(struct seen, list), .size = 4, .count = 2 },
};
static const struct emf_record record = { "seen", sizeof(struct seen), sizeof(struct seen), sizeof(members) / sizeof(*members), members };

static struct seen seen;

static void setup(void)
{
	seen = (struct seen){ .took = 5000000, .key = { .saddr = htonl(0x0a010203), .port = htons(443) }, .error = -ENOENT, .pid = 42, .comm = "ssh\"d",
			      .kind = 2, .path_len = 4, .path = "/tmp", .mac = { 2, 0, 0, 0, 0, 1 }, .bits = 5 << 2, .s8 = -3 };
	inet_pton(AF_INET6, "fe80::1234", seen.daddr);
	inet_pton(AF_INET6, "fe80::1234", seen.to);
	inet_pton(AF_INET6, "::ffff:10.1.2.3", seen.from);
	inet_pton(AF_INET6, "::ffff:0.0.0.0", seen.nowhere);
	seen.state = 10;
	seen.container = UINT64_MAX;
	seen.status = 0x80 | 11;
	memcpy(seen.args, "sh\0-c\0a b", 10);
	seen.args_len = 10;
}

static bool matches(const char *text)
{
	struct emf_filter *filter;
	char why[EMF_FILTER_WHY_MAX] = "";
	int err = emf_filter_parse(&record, text, &filter, why);
	bool result = !err && emf_filter_matches(filter, &seen);

	ck_assert_msg(!err, "%s: %s", text, why);
	free(filter);
	return result;
}

static void all(const char *const *texts, bool expected)
{
	for (; *texts; texts++)
		ck_assert_msg(matches(*texts) == expected, "%s", *texts);
}

START_TEST(what_is_true_of_a_record_matches)
{
	static const char *const texts[] = {
		"pid == 42", "pid==42", "pid != 41", "pid <= 42", "pid >= 42", "pid < 43", "pid > 41", "pid", "took == 5ms", "took > 4999us",
		"key.saddr == 10.1.2.3", "key.saddr == 10.0.0.0/8", "key.saddr != 11.0.0.0/8", "key.saddr == 0.0.0.0/0", "key.saddr ~ 10.1.*",
		"key.port == 443", "key.port > 442", "error == ENOENT", "error == -2", "error != EPERM", "error", "comm == 'ssh\"d'",
		"comm == \"ssh\\\"d\"", "comm ~ ssh*", "comm !~ bash*", "comm ~ 's?h\"[a-f]'", "comm > ss", "kind == WRITE", "kind == 2",
		"kind ~ WR*", "kind != READ", "path == /tmp", "path ~ '/t*'", "path", "daddr == fe80::1234", "daddr == fe80::/10", "daddr != ::1",
		"mac == 02:00:00:00:00:01", "bits == 5", "s8 == -3", "s8 < 0", "s8 < -2",
		"from == 10.1.2.3", "from == 10.0.0.0/8", "from == ::ffff:10.1.2.3", "from == ::ffff:10.0.0.0/104", "from == 0.0.0.0/0", "from == ::/0",
		"from != 10.1.2.4", "from != fe80::/10", "from ~ 10.1.*", "from", "to == fe80::/10", "to == fe80::1234", "to != 0.0.0.0/0", "to != 10.0.0.0/8",
		"!nowhere", "nowhere == 0.0.0.0", "state == LISTEN", "state == listen", "state == 10", "state ~ LIS*", "state > ESTABLISHED",
		"!container", "container == -", "container != 0123456789abcdef",
		"status == SIGSEGV", "status", "status != 11", "args == 'sh -c a b'", "args ~ '*-c a*'", "args", NULL,
	};

	all(texts, true);
}
END_TEST

START_TEST(what_is_not_does_not)
{
	static const char *const texts[] = {
		"pid == 41", "!pid", "took > 5ms", "key.saddr == 10.1.2.2", "key.saddr == 11.0.0.0/8", "key.saddr == 10.1.2.0/31", "key.port < 443",
		"error == EPERM", "comm == ssh", "comm == 'ssh\"dd'", "comm ~ bash", "comm < ss", "kind == READ", "path == /tm", "path == /tmpp",
		"daddr == fe80::1235", "daddr == fd00::/8", "mac == 02:00:00:00:00:02", "bits == 4", "s8 > 0",
		"from == 10.1.2.2", "from == 11.0.0.0/8", "from == 10.1.2.0/31", "from == fe80::/10", "to == 0.0.0.0/0", "to == fe80::1235", "nowhere",
		"state == CLOSE", "container", "container == 0123456789ab", "container ~ [0-9a-f]*",
		"status == 11", "!status", "args == sh", "args ~ '*b '", "!args", NULL,
	};

	all(texts, false);
}
END_TEST

START_TEST(and_binds_before_or_and_brackets_before_both)
{
	static const char *const yes[] = { "pid || s8 == 1 && error == EPERM", "s8 == 1 && error == EPERM || pid", "!(pid && !pid)", "!!pid",
					   "(pid || s8 == 1) && error == ENOENT", "!(error == EPERM || pid == 1)", NULL };
	static const char *const no[] = { "(pid || s8 == 1) && error == EPERM", "!pid || !error", "pid && !error", NULL };

	all(yes, true);
	all(no, false);
}
END_TEST

START_TEST(an_error_that_is_sent_as_it_is_compares_as_one_that_is_sent_negative)
{
	seen.error = ENOENT;
	ck_assert(matches("error == ENOENT"));
	ck_assert(!matches("error == EPERM"));
}
END_TEST

START_TEST(a_value_of_a_name_may_be_negative)
{
	seen.kind = UINT32_MAX;
	ck_assert(matches("kind == BACK"));
	seen.kind = 1;
	ck_assert(!matches("kind == BACK"));
}
END_TEST

START_TEST(a_text_without_an_end_and_a_length_that_cannot_be_are_read_to_their_end_only)
{
	memset(seen.comm, 'a', sizeof(seen.comm));
	memset(seen.path, 'b', sizeof(seen.path));
	seen.path_len = UINT32_MAX;
	ck_assert(matches("comm == aaaaaaaaaaaaaaaa && path == bbbbbbbb"));
	ck_assert(matches("comm ~ aaaaaaaaaaaaaaaa && path ~ bbbbbbbb"));
}
END_TEST

static void refused(const char *text, int error, const char *said)
{
	struct emf_filter *filter = (struct emf_filter *)1;
	char why[EMF_FILTER_WHY_MAX] = "";

	ck_assert_int_eq(emf_filter_parse(&record, text, &filter, why), error);
	ck_assert_ptr_null(filter);
	ck_assert_str_eq(why, said);
}

START_TEST(what_cannot_be_compared_is_refused_with_what_could)
{
	refused("key == 1", -EINVAL, "'key' is a struct: compare a member of it");
	refused("list == 1", -EINVAL, "'list' is an array, which cannot be compared");
	refused("key.port.x == 1", -ENOENT, "'seen' has no 'key.port.x'; there are took, key, error, pid, comm, kind, path, daddr, mac, bits, s8, state, from, to, nowhere, container, status, args, list");
	refused("key.saddr < 10.0.0.1", -EINVAL, "'key.saddr' is an address: it can be compared by ==, != and ~");
	refused("key.saddr == 10.0.0.0/33", -EINVAL, "'key.saddr' cannot be 10.0.0.0/33: it is an IPv4 address, such as 10.0.0.1");
	refused("key.saddr == 10.0.0.0/", -EINVAL, "'key.saddr' cannot be 10.0.0.0/: it is an IPv4 address, such as 10.0.0.1");
	refused("kind == WROTE", -EINVAL, "'kind' cannot be WROTE: it is one of its names");
	refused("took > 5", -EINVAL, "'took' cannot be 5: it is a whole number with its unit, such as 500ms or 5s");
	refused("error == 2", -EINVAL, "'error' cannot be 2: it is an error, such as ENOENT, or its negative number");
}
END_TEST

/* Whatever comes, it is refused or applied. */
START_TEST(no_text_of_a_few_signs_does_harm)
{
	static const char *const signs[] = { "pid", "comm", "(", ")", "!", "&&", "||", "==", "~", "\"", "'", "\\", "1", " " };
	const size_t n = sizeof(signs) / sizeof(*signs);

	for (size_t i = 0; i < n * n * n * n; i++) {
		struct emf_filter *filter;
		char why[EMF_FILTER_WHY_MAX], text[64];

		snprintf(text, sizeof(text), "%s%s%s%s", signs[i % n], signs[i / n % n], signs[i / n / n % n], signs[i / n / n / n]);
		if (!emf_filter_parse(&record, text, &filter, why))
			emf_filter_matches(filter, &seen);
		free(filter);
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("filter");
	TCase *c = tcase_create("filters");

	tcase_add_checked_fixture(c, setup, NULL);
	tcase_add_test(c, what_is_true_of_a_record_matches);
	tcase_add_test(c, what_is_not_does_not);
	tcase_add_test(c, and_binds_before_or_and_brackets_before_both);
	tcase_add_test(c, an_error_that_is_sent_as_it_is_compares_as_one_that_is_sent_negative);
	tcase_add_test(c, a_value_of_a_name_may_be_negative);
	tcase_add_test(c, a_text_without_an_end_and_a_length_that_cannot_be_are_read_to_their_end_only);
	tcase_add_test(c, what_cannot_be_compared_is_refused_with_what_could);
	tcase_add_test(c, no_text_of_a_few_signs_does_harm);
	suite_add_tcase(s, c);
	return s;
}

int main(void)
{
	return unit_main(suite());
}
