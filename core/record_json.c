// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * record_json.c - records to JSON.
 */
#include "record_json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cgroup_path.h"
#include "json.h"
#include "value.h"

static json_t *number_to_json(enum emf_type type, uint64_t v)
{
	char digits[24];

	if (emf_value_is_signed(type) || v <= INT64_MAX)
		return json_integer((json_int_t)v);
	snprintf(digits, sizeof(digits), "%" PRIu64, v);
	return json_string(digits);
}

/* Not by emf_value_format(), which cuts; bits without a name are one more, "0x10". */
static json_t *flags_to_json(const struct emf_value_type *type, const void *at)
{
	uint64_t left = emf_value_load(type, at);
	json_t *all = json_array();
	char bits[24];

	for (const struct emf_name *n = type->names; n && n->name; n++) {
		uint64_t value = n->value & (UINT64_MAX >> (64 - 8 * emf_value_size(type)));

		if (!value || (left & value) != value)
			continue;
		json_array_append_new(all, json_string(n->name));
		left &= ~value;
	}
	snprintf(bits, sizeof(bits), "%#" PRIx64, left);
	if (left)
		json_array_append_new(all, json_string(bits));
	return all;
}

static json_t *name_to_json(const struct emf_value_type *type, const void *at)
{
	const char *name = emf_value_name(type, emf_value_load(type, at));
	char text[EMF_VALUE_TEXT_MAX];

	return name ? emf_json_textn(name, strlen(name)) : json_string(emf_value_format(type, at, text));
}

static json_t *container_to_json(const struct emf_value_type *type, const void *at)
{
	size_t len;
	const char *id = emf_container_id(emf_value_load(type, at), &len);

	return id ? emf_json_textn(id, len) : json_null();
}

json_t *emf_record_value_to_json(const struct emf_member *member, const void *at)
{
	struct emf_value_type type = emf_value_type_of(member);
	char text[EMF_VALUE_TEXT_MAX];

	switch (member->type) {
	case EMF_BOOL:
		return json_boolean(*(const unsigned char *)at);
	case EMF_CHAR:
	case EMF_STRING:
	case EMF_COMM:
		return emf_json_textn(at, strnlen(at, emf_value_size(&type)));
	case EMF_IP4:
	case EMF_IP6:
	case EMF_IP:
	case EMF_MAC:
	case EMF_ERRNO:
	case EMF_SIGNO:
	case EMF_WAIT_STATUS:
	case EMF_KSYM:
	case EMF_DEV:
	case EMF_ENUM:
	case EMF_U128: /* beyond what JSON libraries keep */
	case EMF_S128:
	case EMF_HEX:
		return json_string(emf_value_format(&type, at, text));
	case EMF_NETDEV:
	case EMF_CGROUP:
	case EMF_TCP_STATE:
	case EMF_IPPROTO:
	case EMF_SYSCALL:
	case EMF_CAP:
		return name_to_json(&type, at);
	case EMF_CONTAINER:
		return container_to_json(&type, at);
	case EMF_FLAGS:
		return flags_to_json(&type, at);
	case EMF_STRUCT:
		return emf_record_to_json(member->record, at);
	case EMF_FD:
	case EMF_MAP_FD:
	case EMF_MAP_FD_RW:
	case EMF_PROG_FD:
		return json_null();
	default:
		return number_to_json(member->type, emf_value_load(&type, at));
	}
}

static json_t *argv_to_json(const char *args, size_t n)
{
	json_t *all = json_array();

	for (size_t at = 0, len; at < n; at += len + 1) {
		len = strnlen(args + at, n - at);
		json_array_append_new(all, emf_json_textn(args + at, len));
	}
	if (n && args[n - 1]) /* there were more */
		json_array_append_new(all, json_null());
	return all;
}

static json_t *member_to_json(const struct emf_member *m, const char *data)
{
	const char *at = data + m->offset;
	uint32_t n = m->count;
	json_t *all;

	if (m->bounded)
		memcpy(&n, data + m->len_offset, sizeof(n));
	else if (n == 1)
		return emf_record_value_to_json(m, at);
	if (m->type == EMF_CHAR)
		return emf_json_textn(at, m->bounded ? n : strnlen(at, n));
	if (m->type == EMF_ARGV)
		return argv_to_json(at, n);
	all = json_array();
	for (uint32_t i = 0; i < n; i++)
		if (json_array_append_new(all, emf_record_value_to_json(m, at + (size_t)i * m->size))) {
			json_decref(all);
			return NULL;
		}
	return all;
}

json_t *emf_record_to_json(const struct emf_record *record, const void *data)
{
	json_t *json = json_object();

	for (size_t i = 0; record && i < record->n; i++)
		if (json_object_set_new(json, record->members[i].name, member_to_json(&record->members[i], data))) {
			json_decref(json);
			return NULL;
		}
	return json;
}
