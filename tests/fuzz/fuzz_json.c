// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * fuzz_json.c - what people write to be sent to a service. Of the input, the first byte says which record, and whether
 * the rest is one text, or lines that are words of a command line.
 */
#include "fuzz.h"

#include <string.h>

#include "record.h"
#include "record_json.h"
#include "typed.h"

#define WORDS_MAX 16
#define IS_WORDS 4

static const struct emf_record *const records[] = { &sent_record, &path_record, &rich_record, &point_record };

/* A control that drives a terminal is printed as \xHH, which is as long as four characters and stays what it is. */
static bool has_controls(const json_t *json)
{
	char *text = json_dumps(json, JSON_COMPACT);
	bool has;

	fuzz_assert(text);
	has = strstr(text, "\\\\x");
	free(text);
	return has;
}

/* What was taken can be sent; and what is printed of it is taken again, and is the same. */
static void check(const struct emf_record *record, void *made)
{
	char why[EMF_RECORD_WHY_MAX];
	void *again = malloc(record->size);
	json_t *json = emf_record_to_json(record, made), *back;

	fuzz_assert(!emf_record_load(record, made, emf_record_wire_size(record, made), false, again));
	fuzz_assert(json);
	if (!emf_record_has_fds(record) && !has_controls(json)) { /* a descriptor is null when it is printed */
		fuzz_assert(!emf_record_from_json(record, json, again, why));
		back = emf_record_to_json(record, again);
		fuzz_assert(json_equal(json, back));
		json_decref(back);
	}
	json_decref(json);
	free(again);
}

static void read_json(const struct emf_record *record, const json_t *json)
{
	char why[EMF_RECORD_WHY_MAX] = "";
	void *made = malloc(record->size);
	int err = emf_record_from_json(record, json, made, why);

	fuzz_assert(!err == !why[0]);
	if (!err)
		check(record, made);
	free(made);
}

static void read_words(const struct emf_record *record, char *text)
{
	const char *words[WORDS_MAX];
	char why[EMF_RECORD_WHY_MAX] = "";
	json_t *json;
	int n = 0;

	for (char *word; n < WORDS_MAX && (word = strsep(&text, "\n"));)
		words[n++] = word;
	if (emf_record_words(record, words, n, &json, why)) {
		fuzz_assert(why[0]);
		return;
	}
	read_json(record, json);
	json_decref(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct emf_record *record;
	json_t *json;
	char *text;

	if (!size)
		return 0;
	record = records[data[0] % 4];
	if (data[0] & IS_WORDS) {
		text = strndup((const char *)data + 1, size - 1);
		fuzz_assert(text);
		read_words(record, text);
		free(text);
		return 0;
	}
	json = json_loadb((const char *)data + 1, size - 1, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	if (json)
		read_json(record, json);
	json_decref(json);
	return 0;
}
