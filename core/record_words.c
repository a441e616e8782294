// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * record_words.c - the words of a command line to JSON.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record_json.h"

#define NAME_MAX_BYTES 64 /* with its NUL; the generator allows 63 characters */

/* JSON that a person wrote; NULL with a sentence. */
static json_t *parse(const char *what, const char *text, char why[EMF_RECORD_WHY_MAX])
{
	static const char key[] = "string or '}' expected";
	json_error_t error;
	json_t *json = json_loads(text, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);

	if (json)
		return json;
	if (!strncmp(error.text, key, strlen(key)))
		snprintf(why, EMF_RECORD_WHY_MAX, "%.60s: is no JSON: a name in double quotes or '}' is expected%s (at character %d)", what,
			 error.text + strlen(key), error.position);
	else if (json_error_code(&error) == json_error_numeric_overflow)
		snprintf(why, EMF_RECORD_WHY_MAX, "%.60s: a number beyond 9223372036854775807 has to be in quotes, as a text", what);
	else
		snprintf(why, EMF_RECORD_WHY_MAX, "%.60s: is no JSON: %s (at character %d)", what, error.text, error.position);
	return NULL;
}

/* "a,b,c"; nothing is no elements. */
static json_t *split(const char *text)
{
	json_t *all = json_array();

	while (*text) {
		size_t len = strcspn(text, ",");

		if (json_array_append_new(all, json_stringn(text, len)))
			break;
		text += len + (text[len] == ',');
	}
	return all;
}

static json_t *value_of(const struct emf_member *m, const char *key, const char *text, char why[EMF_RECORD_WHY_MAX])
{
	bool is_array = (m->count > 1 || m->bounded) && m->type != EMF_CHAR;
	json_t *json;

	why[0] = '\0';
	if (is_array && *text == '[')
		return parse(key, text, why);
	if (is_array && m->type == EMF_STRUCT && !*text)
		return json_array();
	if (m->type == EMF_STRUCT && !is_array && *text == '{')
		return parse(key, text, why);
	if (m->type == EMF_STRUCT) {
		if (is_array)
			snprintf(why, EMF_RECORD_WHY_MAX, "%.60s: is an array of structs: write it as JSON, [{...}]", key);
		else
			snprintf(why, EMF_RECORD_WHY_MAX, "%.60s: is a struct: write %.60s.NAME=VALUE, or JSON", key, key);
		return NULL;
	}
	json = is_array || m->type == EMF_FLAGS ? split(text) : json_string(text);
	if (!json)
		snprintf(why, EMF_RECORD_WHY_MAX, "%.60s: is not valid UTF-8", key);
	return json;
}

static const struct emf_member *find(const struct emf_record *record, const char *name, size_t len)
{
	for (size_t i = 0; record && i < record->n; i++)
		if (!strncmp(record->members[i].name, name, len) && !record->members[i].name[len])
			return &record->members[i];
	return NULL;
}

/* The object that a member of a struct is in; it is made with its first member. */
static json_t *inner(json_t *object, const char *name)
{
	json_t *there = json_object_get(object, name);

	if (there)
		return json_is_object(there) ? there : NULL;
	there = json_object();
	return json_object_set_new(object, name, there) ? NULL : there;
}

static int unknown(const struct emf_record *record, const char *key, const char *name, size_t len, char why[EMF_RECORD_WHY_MAX])
{
	char word[NAME_MAX_BYTES], hint[200];

	snprintf(word, sizeof(word), "%.*s", (int)len, name);
	emf_record_hint(record, word, hint, sizeof(hint));
	snprintf(why, EMF_RECORD_WHY_MAX, "%.*s%sunknown name '%s'%s", name == key ? 0 : (int)(name - key) - 1, key, name == key ? "" : ": ",
		 word, hint);
	return -EINVAL;
}

static int add(const struct emf_record *record, json_t *object, const char *key, const char *text, char why[EMF_RECORD_WHY_MAX])
{
	const char *name = key;

	for (;;) {
		size_t len = strcspn(name, ".");
		const struct emf_member *m = find(record, name, len);
		json_t *value;

		if (!len) {
			snprintf(why, EMF_RECORD_WHY_MAX, "'%.60s=': a name is empty", key);
			return -EINVAL;
		}
		if (!m)
			return unknown(record, key, name, len, why);
		if (name[len] && (m->type != EMF_STRUCT || m->count > 1 || m->bounded)) {
			snprintf(why, EMF_RECORD_WHY_MAX, "%.60s: '%s' is no struct, and has no members", key, m->name);
			return -EINVAL;
		}
		if (name[len]) {
			object = inner(object, m->name);
			record = m->record;
			name += len + 1;
			if (object)
				continue;
		}
		if (!object || json_object_get(object, m->name)) {
			snprintf(why, EMF_RECORD_WHY_MAX, "%.60s: is given twice", key);
			return -EINVAL;
		}
		value = value_of(m, key, text, why);
		return !value ? -EINVAL : json_object_set_new(object, m->name, value) ? -ENOMEM : 0;
	}
}

static int add_word(const struct emf_record *record, json_t *object, const char *word, char why[EMF_RECORD_WHY_MAX])
{
	const char *is = strchr(word, '=');
	char *key;
	int err;

	if (!is || is == word) {
		snprintf(why, EMF_RECORD_WHY_MAX, "'%.60s' is neither NAME=VALUE nor JSON ({...})", word);
		return -EINVAL;
	}
	key = strndup(word, (size_t)(is - word));
	if (!key)
		return -ENOMEM;
	err = add(record, object, key, is + 1, why);
	free(key);
	return err;
}

int emf_record_words(const struct emf_record *record, const char *const *words, int n, json_t **json,
		     char why[EMF_RECORD_WHY_MAX])
{
	json_t *object;
	int err = 0;

	for (int i = 0; i < n; i++) {
		if (words[i][strspn(words[i], " \t\r\n")] != '{')
			continue;
		*json = n == 1 ? parse("arguments", words[0], why) : NULL;
		if (n > 1)
			snprintf(why, EMF_RECORD_WHY_MAX, "JSON and NAME=VALUE cannot be mixed: an object of JSON is the only argument");
		return *json ? 0 : -EINVAL;
	}
	object = json_object();
	if (!object)
		err = -ENOMEM;
	for (int i = 0; i < n && !err; i++)
		err = add_word(record, object, words[i], why);
	if (err == -ENOMEM)
		snprintf(why, EMF_RECORD_WHY_MAX, "out of memory");
	if (err)
		json_decref(object);
	else
		*json = object;
	return err;
}
