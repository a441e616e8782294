// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * test_schema.c - without these, a process that answers with a schema that lies could
 * have memory of the one that asks read and written.
 */
#include <stdlib.h>
#include <string.h>

#include "emf_emf.h"
#include "record.h"
#include "record_json.h"
#include "schema.h"
#include "schema_read.h"
#include "unit.h"

#define ROOM (1 << 20)

static char why[EMF_SCHEMA_WHY_MAX];

static const struct emf_name kinds[] = { { "A", 0 }, { "B", (uint64_t)-1 }, { NULL, 0 } };
static const struct emf_member inner_members[] = {
	{ .name = "n", .type = EMF_U32, .offset = 0, .size = 4, .count = 1, .range = &(const struct emf_range){ 1, 9 }, .initial = "3" },
	{ .name = "kind", .type = EMF_ENUM, .offset = 4, .size = 1, .count = 1, .names = kinds, .initial = "A" },
	{ .name = "proto", .type = EMF_IPPROTO, .offset = 5, .size = 1, .count = 1, .initial = "tcp" },
	{ .name = "text", .type = EMF_STRING, .offset = 6, .size = 2, .count = 1, .initial = "\"\\" },
};
static const struct emf_record inner = { "inner", 8, 8, 4, inner_members };
static const struct emf_member outer_members[] = {
	{ .name = "one", .type = EMF_STRUCT, .offset = 0, .size = 8, .count = 1, .record = &inner },
	{ .name = "file", .type = EMF_FD, .offset = 8, .size = 4, .count = 1 },
	{ .name = "rows", .type = EMF_STRUCT, .offset = 16, .size = 8, .count = 3, .bounded = 1, .len_offset = 12, .record = &inner },
};
static const struct emf_record outer = { "outer", 40, 16, 3, outer_members };
static const uint64_t leaves[] = { 1, UINT64_MAX };
static const struct ebus_member methods[] = {
	{ "f", { &outer, leaves, 2 }, { &inner, leaves, 1 }, NULL, "read" },
	{ "g", { NULL, NULL, 0 }, { NULL, NULL, 0 }, NULL, "admin" },
};
static const struct ebus_member signals[] = { { "s", { &inner, leaves, 2 }, { NULL, NULL, 0 }, NULL, "read" } };
static const struct ebus_member errors[] = { { "e", { &inner, leaves, 2 }, { NULL, NULL, 0 }, NULL, NULL } };
static struct ebus_subscription *subscriptions[1];
static struct ebus_service service = {
	.name = "t", .version = "1.2", .hash = UINT64_MAX, .methods = methods, .n_methods = 2, .signals = signals, .n_signals = 1,
	.errors = errors, .n_errors = 1, .subscriptions = subscriptions,
};

static char *written(const struct ebus_service *of, size_t *len)
{
	char *text = malloc(ROOM);
	int n = emf_schema_write(of, text, ROOM);

	ck_assert_int_gt(n, 0);
	*len = (size_t)n;
	return text;
}

/* Reads it and writes it again: the same text. */
static void comes_back(const struct ebus_service *of)
{
	struct emf_schema *schema;
	size_t len, again_len;
	char *text = written(of, &len), *again;

	ck_assert_msg(!emf_schema_read(text, len, &schema, why), "%s: %s", of->name, why);
	again = written(&schema->service, &again_len);
	ck_assert_uint_eq(len, again_len);
	ck_assert(!memcmp(text, again, len));
	emf_schema_free(schema);
	free(text);
	free(again);
}

START_TEST(a_service_comes_back_as_it_went)
{
	comes_back(&service);
	comes_back(&introspection_service);
	comes_back(&modules_service);
}
END_TEST

START_TEST(what_is_read_can_be_called_without_knowing_the_types)
{
	struct emf_schema *schema;
	size_t len;
	char *text = written(&service, &len);

	ck_assert_int_eq(emf_schema_read(text, len, &schema, why), 0);
	free(text);
	ck_assert_ptr_eq(schema->client.service, &schema->service);
	ck_assert_ptr_nonnull(schema->service.remote_ops);
	ck_assert(schema->service.methods[0].invoke == ebus_call_remote);
	ck_assert(schema->service.methods[0].in.leaves[1] == UINT64_MAX);
	ck_assert_ptr_nonnull(emf_schema_member(schema->service.errors, 1, "e"));
	ck_assert_ptr_null(emf_schema_member(schema->service.errors, 1, "x"));
	emf_schema_free(schema);
}
END_TEST

START_TEST(there_has_to_be_room_for_it)
{
	size_t len;
	char *text = written(&service, &len);

	for (size_t room = 0; room <= len; room++) {
		char *small = malloc(room ? room : 1);

		ck_assert_int_eq(emf_schema_write(&service, small, room), -EMSGSIZE);
		free(small);
	}
	free(text);
}
END_TEST

/* One replacement in the schema of @service, and what is told of it. */
static void refused(const char *from, const char *to, const char *part)
{
	struct emf_schema *schema;
	char *text, *at, *changed = malloc(ROOM);
	size_t len;
	int n;

	text = written(&service, &len);
	text[len] = '\0';
	at = strstr(text, from);
	ck_assert_msg(at != NULL, "%s is not in %s", from, text);
	n = snprintf(changed, ROOM, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
	ck_assert_msg(emf_schema_read(changed, (size_t)n, &schema, why) == -EPROTO, "%s instead of %s", to, from);
	unit_contains(why, part);
	free(text);
	free(changed);
}

START_TEST(a_schema_that_lies_is_refused)
{
	refused("{\"name\":\"t\"", "{\"name\":\"t t\"", "should be a name");
	refused("\"1.2\"", "\"1.2x\"", "version");
	refused("0xffff", "0xfffff", "hash");
	refused("\"size\":8,\"fixed\":8", "\"size\":7,\"fixed\":7", "smaller than what is in it");
	refused("\"size\":8,\"fixed\":8", "\"size\":8,\"fixed\":4", "cut where no array is");
	refused("\"size\":40,\"fixed\":16", "\"size\":40,\"fixed\":41", "cut where it does not end");
	refused("\"size\":40,\"fixed\":16", "\"size\":40,\"fixed\":12", "cut where no array is");
	refused("\"size\":40,\"fixed\":16", "\"size\":4294967296,\"fixed\":16", "is no number from 0");
	refused("\"size\":40,\"fixed\":16", "\"size\":-1,\"fixed\":16", "is no number from 0");
	refused("\"type\":\"u32\"", "\"type\":\"u64\"", "not of the size of its type");
	refused("\"type\":\"u32\"", "\"type\":\"u33\"", "of an unknown type");
	refused("\"type\":\"fd\",\"offset\":8", "\"type\":\"fd\",\"offset\":4", "where something else is");
	refused("\"type\":\"fd\",\"offset\":8", "\"type\":\"fd\",\"offset\":9", "where something else is");
	refused("\"len_offset\":12", "\"len_offset\":8", "where something else is");
	refused("\"len_offset\":12", "\"len_offset\":16", "where something else is");
	refused("\"count\":3", "\"count\":4", "smaller than what is in it");
	refused("\"count\":3", "\"count\":0", "has no elements");
	refused("\"count\":3", "\"count\":16777216", "smaller than what is in it");
	refused("\"len_offset\":12,\"record\":0", "\"len_offset\":12,\"record\":1", "does not stand before it");
	refused("[\"A\",0]", "[\"\",0]", "should be a name");
	refused("\"in\":{\"record\":1", "\"in\":{\"record\":2", "is not there");
	refused("{\"name\":\"g\"", "{\"name\":\"f\"", "two members are called 'f'");
	refused("\"errors\":[", "\"errors\":[1", "no JSON");
	refused("\"type\":\"u32\"", "\"bits\":3,\"shift\":0,\"type\":\"u32\"", "no bit-field that there can be");
	refused("\"type\":\"u32\"", "\"type\":\"hex\"", "of an unknown type");
}
END_TEST

/* Types of events, of which a member is changed. */
static bool is_read_of_events(const char *members, uint32_t size)
{
	struct emf_schema *schema = NULL;
	char text[1024];
	int n = snprintf(text, sizeof(text), "{\"name\":\"m\",\"version\":\"1.0\",\"hash\":\"0x1\",\"records\":[{\"name\":\"r\",\"size\":%u,"
			 "\"fixed\":%u,\"members\":[%s]}],\"methods\":[],\"errors\":[],\"signals\":[]}", size, size, members);
	int err = emf_schema_read_events(text, (size_t)n, &schema, why);

	emf_schema_free(schema);
	ck_assert_msg(!err || err == -EPROTO, "%s", why);
	return !err;
}

#define BITS(type, size, bits, shift) "{\"name\":\"a\",\"type\":\"" type "\",\"offset\":3,\"size\":" size ",\"count\":1,\"bits\":" bits ",\"shift\":" shift "}"

START_TEST(bit_fields_of_events_lie_in_their_record_and_in_their_bytes)
{
	ck_assert_msg(is_read_of_events(BITS("u32", "4", "3", "29"), 7), "%s", why);
	ck_assert_msg(is_read_of_events(BITS("u32", "4", "3", "0") "," BITS("s16", "2", "5", "11"), 7), "%s", why);
	ck_assert(!is_read_of_events(BITS("u32", "4", "3", "29"), 6));
	ck_assert(!is_read_of_events(BITS("u32", "4", "3", "30"), 7));
	ck_assert(!is_read_of_events(BITS("u32", "4", "0", "0"), 7));
	ck_assert(!is_read_of_events(BITS("u32", "4", "4294967295", "1"), 7));
	ck_assert(!is_read_of_events(BITS("u128", "16", "3", "0"), 32));
	ck_assert(!is_read_of_events(BITS("string", "4", "3", "0"), 7));
}
END_TEST

/* What works on records trusts them: all of it, with zeroes and with what JSON makes. */
static void exercise(const struct emf_record *record)
{
	char reason[EMF_RECORD_WHY_MAX];
	void *data, *bytes;
	json_t *json;

	if (!record)
		return;
	data = calloc(1, record->size);
	bytes = malloc(record->size);
	memset(bytes, 0x01, record->size);
	if (!emf_record_load(record, bytes, record->size, true, data))
		ck_assert_uint_le(emf_record_wire_size(record, data), record->size);
	memset(data, 0, record->size);
	json = emf_record_to_json(record, data);
	if (!emf_record_from_json(record, json, data, reason))
		ck_assert_uint_le(emf_record_wire_size(record, data), record->size);
	json_decref(json);
	free(data);
	free(bytes);
}

/* Digits, mostly: what is no JSON any more is refused before it is looked at. */
static void mutate(char *text, size_t len, unsigned int *seed)
{
	for (int n = 1 + rand_r(seed) % 4; n; n--) {
		size_t at = (size_t)rand_r(seed) % len;

		for (size_t tries = 0; tries < 100 && !(text[at] >= '0' && text[at] <= '9'); tries++)
			at = (at + 1) % len;
		text[at] = rand_r(seed) % 20 ? (char)('0' + rand_r(seed) % 10) : (char)rand_r(seed);
	}
}

START_TEST(schemas_with_random_changes_are_refused_or_harmless)
{
	const char *count = getenv("EMF_FUZZ_COUNT");
	unsigned int seed = 1, read = 0, n = count ? (unsigned int)atoi(count) : 20000;
	size_t len;
	char *text = written(&service, &len), *copy = malloc(len);

	for (unsigned int i = 0; i < n; i++) {
		struct emf_schema *schema;

		memcpy(copy, text, len);
		mutate(copy, len, &seed);
		if (emf_schema_read(copy, len, &schema, why))
			continue;
		read++;
		for (size_t m = 0; m < schema->service.n_methods; m++) {
			exercise(schema->service.methods[m].in.record);
			exercise(schema->service.methods[m].out.record);
		}
		emf_schema_free(schema);
	}
	ck_assert_uint_gt(read, 0);
	free(text);
	free(copy);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("schema");
	TCase *c = tcase_create("schema");

	tcase_add_test(c, a_service_comes_back_as_it_went);
	tcase_add_test(c, what_is_read_can_be_called_without_knowing_the_types);
	tcase_add_test(c, there_has_to_be_room_for_it);
	tcase_add_test(c, a_schema_that_lies_is_refused);
	tcase_add_test(c, bit_fields_of_events_lie_in_their_record_and_in_their_bytes);
	tcase_add_test(c, schemas_with_random_changes_are_refused_or_harmless);
	tcase_set_timeout(c, 60);
	suite_add_tcase(s, c);
	return s;
}

int main(void)
{
	return unit_main(suite());
}
