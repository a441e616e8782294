// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * value_format.c - values of each type as text.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <emf/output.h>

#include "cgroup_path.h"
#include "constant.h"
#include "netdev_name.h"
#include "user_name.h"
#include "value.h"

#define NS_PER_S UINT64_C(1000000000)

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

const char *emf_value_name(const struct emf_value_type *type, uint64_t number)
{
	switch (type->type) {
	case EMF_NETDEV:
		return emf_netdev_name((uint32_t)number);
	case EMF_UID:
		return emf_user_name((uint32_t)number);
	case EMF_CGROUP:
		return emf_cgroup_path(number);
	default:
		return emf_constant_name(type->type, number);
	}
}

/* People know a container by the beginning of its id, as its tools print it. */
static void format_container(uint64_t cgroup, char text[EMF_VALUE_TEXT_MAX])
{
	size_t len = 1;
	const char *id = emf_container_id(cgroup, &len);

	emf_text(text, EMF_VALUE_TEXT_MAX, id ? id : "-", len < EMF_CONTAINER_SHORT ? len : EMF_CONTAINER_SHORT);
}

static void format_ip(const unsigned char *ip, char text[EMF_VALUE_TEXT_MAX])
{
	bool is_4 = emf_value_is_mapped(ip);

	if (!inet_ntop(is_4 ? AF_INET : AF_INET6, ip + (is_4 ? sizeof(emf_value_mapped) : 0), text, EMF_VALUE_TEXT_MAX))
		text[0] = '\0';
}

static const char *name_of_number(enum emf_type type, uint64_t v)
{
	if (type == EMF_WAIT_STATUS)
		return (int64_t)v < 0 ? emf_errno_name((int)v) : emf_signal_name((int)(v & 0x7f));
	return type == EMF_ERRNO ? emf_errno_name((int)v) : emf_signal_name((int)v);
}

/* wait(2): a signal in 7 bits, whether it left a core in one, and else the exit status in 8. */
static bool is_exit_status(enum emf_type type, uint64_t v)
{
	return type == EMF_WAIT_STATUS && (int64_t)v >= 0 && !(v & 0x7f);
}

static void format_number(const struct emf_value_type *type, uint64_t v, char text[EMF_VALUE_TEXT_MAX])
{
	const char *name = emf_value_name(type, v);

	/* Whoever may name an interface or a cgroup may put into the name what drives a terminal. */
	if (name) {
		emf_text(text, EMF_VALUE_TEXT_MAX, name, strlen(name));
		return;
	}
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
	case EMF_CONTAINER:
		format_container(v, text);
		return;
	case EMF_DEV:
		snprintf(text, EMF_VALUE_TEXT_MAX, "%" PRIu64 ":%" PRIu64, v >> EMF_DEV_MINOR_BITS, v & ((1u << EMF_DEV_MINOR_BITS) - 1));
		return;
	case EMF_ERRNO:
	case EMF_SIGNO:
	case EMF_WAIT_STATUS:
		name = name_of_number(type->type, v);
		if (is_exit_status(type->type, v))
			snprintf(text, EMF_VALUE_TEXT_MAX, "%" PRIu64, v >> 8 & 0xff);
		else if (v && *name != '?')
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
	case EMF_IP:
		format_ip(b, text);
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
