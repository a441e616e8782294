// SPDX-License-Identifier: BSD-2-Clause
/*
 * value.c - values of each type: their size, and what they are as text.
 */
#include "value.h"

#include <arpa/inet.h>
#include <endian.h>
#include <inttypes.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <emf/output.h>

#define NS_PER_S UINT64_C(1000000000)

/* 0 for those whose size is not fixed. */
static const unsigned char sizes[] = {
	[EMF_BOOL] = 1, [EMF_U8] = 1,	[EMF_U16] = 2,	  [EMF_U32] = 4, [EMF_U64] = 8,	   [EMF_S8] = 1,
	[EMF_S16] = 2,	[EMF_S32] = 4,	[EMF_S64] = 8,	  [EMF_BE16] = 2, [EMF_BE32] = 4,  [EMF_BE64] = 8,
	[EMF_CHAR] = 1, [EMF_COMM] = 16, [EMF_DURATION] = 8, [EMF_NS] = 8, [EMF_WALL] = 8, [EMF_IP4] = 4,
	[EMF_IP6] = 16, [EMF_MAC] = 6,	[EMF_PID] = 4,	  [EMF_UID] = 4, [EMF_NETDEV] = 4, [EMF_ERRNO] = 4,
	[EMF_SIGNO] = 4, [EMF_KSYM] = 8, [EMF_CGROUP] = 8, [EMF_U128] = 16, [EMF_S128] = 16, [EMF_FD] = 4, [EMF_MAP_FD] = 4, [EMF_MAP_FD_RW] = 4, [EMF_PROG_FD] = 4,
};

size_t emf_value_size(const struct emf_value_type *type)
{
	return sizes[type->type] ? sizes[type->type] : type->size;
}

bool emf_value_is_signed(enum emf_type type)
{
	return (type >= EMF_S8 && type <= EMF_S64) || type == EMF_ERRNO || type == EMF_SIGNO;
}

bool emf_value_is_number(enum emf_type type)
{
	switch (type) {
	case EMF_BOOL:
	case EMF_STRING:
	case EMF_COMM:
	case EMF_IP4:
	case EMF_IP6:
	case EMF_MAC:
	case EMF_CHAR:
	case EMF_ENUM:
	case EMF_FLAGS:
	case EMF_STRUCT:
	case EMF_U128:
	case EMF_S128:
	case EMF_HEX:
		return false;
	default:
		return true;
	}
}

static uint64_t swap(const struct emf_value_type *type, uint64_t v)
{
	switch (type->type) {
	case EMF_BE16:
		return htobe16((uint16_t)v);
	case EMF_BE32:
		return htobe32((uint32_t)v);
	case EMF_BE64:
		return htobe64(v);
	default:
		return v;
	}
}

static uint64_t bits_of(const struct emf_value_type *type, uint64_t v, bool sign)
{
	unsigned int unused = 64 - type->bits;

	v = v >> type->shift << unused;
	return sign ? (uint64_t)((int64_t)v >> unused) : v >> unused;
}

uint64_t emf_value_load(const struct emf_value_type *type, const void *value)
{
	size_t size = emf_value_size(type);
	bool sign = emf_value_is_signed(type->type);
	uint64_t v = 0;
	uint32_t v4;
	uint16_t v2;

	if (size == 8) {
		memcpy(&v, value, 8);
	} else if (size == 4) {
		memcpy(&v4, value, 4);
		v = sign ? (uint64_t)(int32_t)v4 : v4;
	} else if (size == 2) {
		memcpy(&v2, value, 2);
		v = sign ? (uint64_t)(int16_t)v2 : v2;
	} else {
		v = sign ? (uint64_t)(int8_t)*(const unsigned char *)value : *(const unsigned char *)value;
	}
	return type->bits ? bits_of(type, v, sign) : swap(type, v);
}

void emf_value_store(const struct emf_value_type *type, void *value, uint64_t number)
{
	size_t size = emf_value_size(type);
	uint64_t v = swap(type, number);
	uint32_t v4 = (uint32_t)v;
	uint16_t v2 = (uint16_t)v;

	if (size == 8)
		memcpy(value, &v, 8);
	else if (size == 4)
		memcpy(value, &v4, 4);
	else if (size == 2)
		memcpy(value, &v2, 2);
	else
		*(unsigned char *)value = (unsigned char)v;
}

const char *emf_value_expected(enum emf_type type)
{
	switch (type) {
	case EMF_BOOL:
		return "yes or no";
	case EMF_DURATION:
		return "a time with its unit, such as 500ms or 5s";
	case EMF_STRING:
	case EMF_COMM:
		return "a text";
	case EMF_CHAR:
		return "a single character";
	case EMF_IP4:
		return "an IPv4 address, such as 10.0.0.1";
	case EMF_IP6:
		return "an IPv6 address, such as fe80::1";
	case EMF_MAC:
		return "an Ethernet address, such as 02:00:00:00:00:01";
	case EMF_NETDEV:
		return "an interface, such as eth0, or its index";
	case EMF_ERRNO:
		return "an error, such as ENOENT, or its negative number";
	case EMF_SIGNO:
		return "a signal, such as SIGTERM, or its number";
	case EMF_UID:
		return "root, or the number of a user";
	case EMF_CGROUP:
		return "a cgroup by its path, or its id";
	case EMF_KSYM:
		return "a symbol of the kernel, or an address";
	case EMF_ENUM:
		return "one of its names";
	case EMF_FLAGS:
		return "names of flags joined with '|', or 0";
	default:
		return emf_value_is_signed(type) ? "a number" : "a number, not negative";
	}
}

static const struct {
	char unit[4];
	uint64_t ns;
} units[] = { { "h", 3600 * NS_PER_S }, { "m", 60 * NS_PER_S }, { "s", NS_PER_S }, { "ms", 1000000 }, { "us", 1000 }, { "ns", 1 } };
#define N_UNITS (sizeof(units) / sizeof(*units))

static void format_duration(uint64_t ns, char text[EMF_VALUE_TEXT_MAX])
{
	size_t i = 0;

	while (ns % units[i].ns)
		i++;
	if (!ns)
		snprintf(text, EMF_VALUE_TEXT_MAX, "0");
	else
		snprintf(text, EMF_VALUE_TEXT_MAX, "%" PRIu64 "%s", ns / units[i].ns, units[i].unit);
}

char *emf_value_format_rounded(uint64_t ns, char text[EMF_VALUE_TEXT_MAX])
{
	size_t i = N_UNITS - 1;

	/* Of four digits at most, and as it is if it has no more; it reads back as this. */
	while (i && ns / units[i].ns > 9999)
		i--;
	ns = (ns + units[i].ns / 2 < ns ? ns : ns + units[i].ns / 2) / units[i].ns * units[i].ns;
	format_duration(ns, text);
	return text;
}

/* RFC 3339, in UTC. */
static void format_wall(uint64_t ns, char text[EMF_VALUE_TEXT_MAX])
{
	time_t s = (time_t)(ns / NS_PER_S);
	struct tm tm;
	size_t at;

	gmtime_r(&s, &tm);
	at = strftime(text, EMF_VALUE_TEXT_MAX, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + at, EMF_VALUE_TEXT_MAX - at, ".%09" PRIu64 "Z", ns % NS_PER_S);
}

static void format_hex(const unsigned char *bytes, size_t n, char text[EMF_VALUE_TEXT_MAX])
{
	size_t at = 0;

	for (size_t i = 0; i < n && at < EMF_VALUE_TEXT_MAX - 2; i++)
		at += (size_t)sprintf(text + at, "%02x", bytes[i]);
	text[at] = '\0';
}

#ifdef __SIZEOF_INT128__
/* C has no printf for them: 19 digits at a time are as many as 64 bits hold. */
static void format_128(const struct emf_value_type *type, const void *value, char text[EMF_VALUE_TEXT_MAX])
{
	const uint64_t part = UINT64_C(10000000000000000000);
	unsigned __int128 v;
	bool minus;

	memcpy(&v, value, sizeof(v));
	minus = type->type == EMF_S128 && v >> 127;
	if (minus)
		v = -v;
	if (v / part / part)
		snprintf(text, EMF_VALUE_TEXT_MAX, "%s%" PRIu64 "%019" PRIu64 "%019" PRIu64, minus ? "-" : "", (uint64_t)(v / part / part),
			 (uint64_t)(v / part % part), (uint64_t)(v % part));
	else if (v / part)
		snprintf(text, EMF_VALUE_TEXT_MAX, "%s%" PRIu64 "%019" PRIu64, minus ? "-" : "", (uint64_t)(v / part), (uint64_t)(v % part));
	else
		snprintf(text, EMF_VALUE_TEXT_MAX, "%s%" PRIu64, minus ? "-" : "", (uint64_t)v);
}
#else
static void format_128(const struct emf_value_type *type, const void *value, char text[EMF_VALUE_TEXT_MAX])
{
	(void)type;
	format_hex(value, 16, text);
}
#endif

/* @v is not sign-extended, as the values of names are: an enum has a sign if one of them has. */
static void format_names(const struct emf_value_type *type, uint64_t v, char text[EMF_VALUE_TEXT_MAX])
{
	uint64_t mask = UINT64_MAX >> (64 - 8 * emf_value_size(type));
	bool flags = type->type == EMF_FLAGS, sign = false;
	size_t at = 0;

	text[0] = '\0';
	for (const struct emf_name *n = type->names; n && n->name; n++) {
		uint64_t value = n->value & mask;

		sign |= value != n->value;
		if (flags ? !value || (v & value) != value : v != value)
			continue;
		at += (size_t)snprintf(text + at, EMF_VALUE_TEXT_MAX - at, "%s%s", at ? "|" : "", n->name);
		if (!flags || at >= EMF_VALUE_TEXT_MAX)
			return;
		v &= ~value;
	}
	if (sign && v > mask / 2)
		v |= ~mask;
	if (v || !at)
		snprintf(text + at, EMF_VALUE_TEXT_MAX - at, flags && v ? "%s%#" PRIx64 : sign ? "%s%" PRId64 : "%s%" PRIu64,
			 at ? "|" : "", v);
}

/* Whoever may name an interface may put into the name what drives a terminal. */
static void format_netdev(uint64_t index, char text[EMF_VALUE_TEXT_MAX])
{
	char name[IF_NAMESIZE];

	if (index && if_indextoname((unsigned int)index, name))
		emf_text(text, EMF_VALUE_TEXT_MAX, name, strlen(name));
	else
		snprintf(text, EMF_VALUE_TEXT_MAX, "%" PRIu64, index);
}

static void format_number(const struct emf_value_type *type, uint64_t v, char text[EMF_VALUE_TEXT_MAX])
{
	const char *name;

	switch (type->type) {
	case EMF_DURATION:
		format_duration(v, text);
		return;
	case EMF_NS:
		emf_clock(text, v);
		return;
	case EMF_WALL:
		format_wall(v, text);
		return;
	case EMF_KSYM:
		snprintf(text, EMF_VALUE_TEXT_MAX, "%#" PRIx64, v);
		return;
	case EMF_NETDEV:
		format_netdev(v, text);
		return;
	case EMF_ERRNO:
	case EMF_SIGNO:
		name = type->type == EMF_ERRNO ? emf_errno_name((int)v) : emf_signal_name((int)v);
		if (v && *name != '?')
			snprintf(text, EMF_VALUE_TEXT_MAX, "%s", name);
		else
			snprintf(text, EMF_VALUE_TEXT_MAX, "%" PRId64, v);
		return;
	case EMF_ENUM:
	case EMF_FLAGS:
		format_names(type, v, text);
		return;
	default:
		snprintf(text, EMF_VALUE_TEXT_MAX, emf_value_is_signed(type->type) ? "%" PRId64 : "%" PRIu64, v);
	}
}

char *emf_value_format(const struct emf_value_type *type, const void *value, char text[EMF_VALUE_TEXT_MAX])
{
	const unsigned char *b = value;

	switch (type->type) {
	case EMF_BOOL:
		snprintf(text, EMF_VALUE_TEXT_MAX, "%s", *b ? "true" : "false");
		break;
	case EMF_STRING:
	case EMF_COMM:
		emf_text(text, EMF_VALUE_TEXT_MAX, value, strnlen(value, emf_value_size(type)));
		break;
	case EMF_CHAR:
		emf_text(text, EMF_VALUE_TEXT_MAX, value, *b ? 1 : 0);
		break;
	case EMF_IP4:
	case EMF_IP6:
		if (!inet_ntop(type->type == EMF_IP4 ? AF_INET : AF_INET6, value, text, EMF_VALUE_TEXT_MAX))
			text[0] = '\0';
		break;
	case EMF_MAC:
		snprintf(text, EMF_VALUE_TEXT_MAX, "%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4], b[5]);
		break;
	case EMF_STRUCT:
		snprintf(text, EMF_VALUE_TEXT_MAX, "{...}");
		break;
	case EMF_U128:
	case EMF_S128:
		format_128(type, value, text);
		break;
	case EMF_HEX:
		format_hex(b, type->size, text);
		break;
	default:
		format_number(type, emf_value_load(type, value), text);
	}
	return text;
}

const char *emf_value_word(enum emf_type type)
{
	switch (type) {
	case EMF_BOOL:
		return "yes|no";
	case EMF_STRING:
	case EMF_COMM:
		return "TEXT";
	case EMF_DURATION:
		return "TIME";
	case EMF_IP4:
	case EMF_IP6:
	case EMF_MAC:
		return "ADDRESS";
	case EMF_NETDEV:
		return "INTERFACE";
	case EMF_CGROUP:
		return "CGROUP";
	case EMF_SIGNO:
		return "SIGNAL";
	case EMF_CHAR:
		return "CHARACTER";
	case EMF_ERRNO:
		return "ERROR";
	case EMF_KSYM:
		return "SYMBOL";
	case EMF_UID:
		return "USER";
	case EMF_ENUM:
	case EMF_FLAGS:
		return "NAME";
	default:
		return "NUMBER";
	}
}
