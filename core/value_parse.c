// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * value_parse.c - text to values.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <emf/output.h>

#include "constant.h"
#include "value.h"

#define ERRNO_MAX 133 /* EHWPOISON, include/uapi/asm-generic/errno.h */
#define SIGNO_MAX 64  /* _NSIG, include/uapi/asm-generic/signal.h */

static int parse_bool(const char *text, void *value)
{
	static const char *const words[] = { "no", "yes", "false", "true", "off", "on", "0", "1" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (strcmp(text, words[i]))
			continue;
		*(unsigned char *)value = i & 1;
		return 0;
	}
	return -EINVAL;
}

int emf_value_parse_unsigned(const char *text, uint64_t *value)
{
	unsigned long long v;
	char *end;

	if (!isdigit((unsigned char)*text)) /* strtoull takes blanks and signs */
		return *text == '-' && isdigit((unsigned char)text[1]) ? -ERANGE : -EINVAL;
	errno = 0;
	/* Not base 0: that takes 010 for eight. */
	v = strtoull(text, &end, text[0] == '0' && (text[1] | 0x20) == 'x' ? 16 : 10);
	if (*end)
		return -EINVAL;
	if (errno)
		return -ERANGE;
	*value = v;
	return 0;
}

static int parse_signed(const char *text, uint64_t *value)
{
	bool negative = *text == '-';
	uint64_t v = 0;
	int err = negative && text[1] == '-' ? -EINVAL : emf_value_parse_unsigned(text + negative, &v);

	if (err)
		return err;
	if (v > (uint64_t)INT64_MAX + negative)
		return -ERANGE;
	*value = negative ? 0 - v : v;
	return 0;
}

/* Whether storing it in so many bytes keeps it. */
static int fits(const struct emf_value_type *type, uint64_t v)
{
	size_t bits = emf_value_size(type) * 8;
	int64_t s = (int64_t)v;

	if (bits == 64)
		return 0;
	if (!emf_value_is_signed(type->type))
		return v >> bits ? -ERANGE : 0;
	return s >= -(1ll << (bits - 1)) && s < 1ll << (bits - 1) ? 0 : -ERANGE;
}

int emf_value_parse_duration(const char *text, uint64_t *ns)
{
	static const struct {
		const char *unit;
		uint64_t ns;
	} units[] = { { "ns", 1 },	      { "us", 1000 },
		      { "ms", 1000000 },      { "s", 1000000000 },
		      { "m", 60000000000ull }, { "h", 3600000000000ull } };
	unsigned long long n;
	uint64_t product;
	char *end;

	if (!isdigit((unsigned char)*text))
		return -EINVAL;
	errno = 0;
	n = strtoull(text, &end, 10);
	if (errno)
		return -ERANGE;
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (strcmp(end, units[i].unit))
			continue;
		if (__builtin_mul_overflow((uint64_t)n, units[i].ns, &product))
			return -ERANGE;
		*ns = product;
		return 0;
	}
	if (!n && !*end) {
		*ns = 0; /* nothing is the same in every unit */
		return 0;
	}
	return -EINVAL;
}

static int parse_text(const char *text, size_t size, void *value)
{
	if (strlen(text) >= size)
		return -ERANGE;
	memset(value, 0, size);
	memcpy(value, text, strlen(text));
	return 0;
}

static int parse_mac(const char *text, unsigned char *value)
{
	unsigned int b[6];
	int end = 0;

	if (strspn(text, "0123456789abcdefABCDEF:") != strlen(text) ||
	    sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5], &end) != 6 || text[end])
		return -EINVAL;
	for (int i = 0; i < 6; i++)
		value[i] = (unsigned char)b[i];
	return 0;
}

static int parse_errno(const char *text, uint64_t *value)
{
	uint64_t number = 0;
	int err;

	if (!strcmp(text, "ENOTSUP")) /* its name in POSIX */
		text = "EOPNOTSUPP";
	for (int error = 1; error <= ERRNO_MAX; error++) {
		if (*text != 'E' || strcmp(text, emf_errno_name(error)))
			continue;
		*value = (uint64_t)(int64_t)-error;
		return 0;
	}
	err = parse_signed(text, &number);
	if (err)
		return err;
	if ((int64_t)number > 0) /* 2 is meant to be -2, or is a mistake */
		return -EINVAL;
	*value = number;
	return 0;
}

static int parse_signo(const char *text, uint64_t *value)
{
	uint64_t number = 0;
	int err;

	for (int signo = 1; signo <= SIGNO_MAX; signo++) {
		const char *name = emf_signal_name(signo);

		if (strncmp(name, "SIG", 3) || (strcmp(text, name) && strcmp(text, name + 3)))
			continue;
		*value = (uint64_t)signo;
		return 0;
	}
	err = emf_value_parse_unsigned(text, &number);
	if (!err && number > SIGNO_MAX)
		err = -ERANGE;
	if (!err)
		*value = number;
	return err;
}

/* As it is written: 3, SIGKILL, ENOENT. */
static int parse_wait_status(const char *text, uint64_t *value)
{
	uint64_t number = 0;
	int err = *text == 'E' || *text == '-' ? parse_errno(text, value) : emf_value_parse_unsigned(text, &number);

	if (*text == 'E' || *text == '-')
		return err;
	if (err)
		return err == -ERANGE ? err : parse_signo(text, value);
	if (number > 0xff)
		return -ERANGE;
	*value = number << 8;
	return 0;
}

static int parse_constant(enum emf_type type, const char *text, uint64_t *value)
{
	return emf_constant_find(type, text, value) ? emf_value_parse_unsigned(text, value) : 0;
}

static int parse_ip(const char *text, unsigned char *value)
{
	if (inet_pton(AF_INET6, text, value) == 1)
		return 0;
	if (inet_pton(AF_INET, text, value + sizeof(emf_value_mapped)) != 1)
		return -EINVAL;
	memcpy(value, emf_value_mapped, sizeof(emf_value_mapped));
	return 0;
}

static int parse_name(const struct emf_name *names, const char *text, size_t len, uint64_t *value)
{
	for (; names && names->name; names++) {
		if (strncmp(names->name, text, len) || names->name[len])
			continue;
		*value = names->value;
		return 0;
	}
	return -EINVAL;
}

/* Bits without a name, as they are printed: "0x10". */
static int parse_bits(const char *text, size_t len, uint64_t *value)
{
	char number[20]; /* "0x", and 16 digits at most */

	if (len >= sizeof(number) || strncmp(text, "0x", 2))
		return -EINVAL;
	memcpy(number, text, len);
	number[len] = '\0';
	return emf_value_parse_unsigned(number, value);
}

/* "A|B|0x10"; 0 for none. */
static int parse_flags(const struct emf_name *names, const char *text, uint64_t *value)
{
	uint64_t all = 0, one;

	if (!strcmp(text, "0")) {
		*value = 0;
		return 0;
	}
	for (;; text++) {
		size_t len = strcspn(text, "|");

		if (parse_name(names, text, len, &one) && parse_bits(text, len, &one))
			return -EINVAL;
		all |= one;
		text += len;
		if (!*text)
			break;
	}
	*value = all;
	return 0;
}

static int parse_number(const struct emf_value_type *type, const char *text, uint64_t *number)
{
	switch (type->type) {
	case EMF_DURATION:
		return emf_value_parse_duration(text, number);
	case EMF_ERRNO:
		return parse_errno(text, number);
	case EMF_SIGNO:
		return parse_signo(text, number);
	case EMF_WAIT_STATUS:
		return parse_wait_status(text, number);
	case EMF_NETDEV:
	case EMF_CGROUP:
	case EMF_CONTAINER:
	case EMF_KSYM:
	case EMF_UID:
	case EMF_DEV:
		return emf_value_find(type->type, text, number);
	case EMF_TCP_STATE:
	case EMF_IPPROTO:
	case EMF_SYSCALL:
	case EMF_CAP:
		return parse_constant(type->type, text, number);
	case EMF_ENUM:
		return parse_name(type->names, text, strlen(text), number);
	case EMF_FLAGS:
		return parse_flags(type->names, text, number);
	default:
		return emf_value_is_signed(type->type) ? parse_signed(text, number) : emf_value_parse_unsigned(text, number);
	}
}

int emf_value_parse(const struct emf_value_type *type, const char *text, void *value)
{
	uint64_t number = 0;
	int err;

	switch (type->type) {
	case EMF_BOOL:
		return parse_bool(text, value);
	case EMF_CHAR:
		if (*text && text[1])
			return -EINVAL;
		*(char *)value = *text;
		return 0;
	case EMF_STRING:
	case EMF_COMM:
		return parse_text(text, emf_value_size(type), value);
	case EMF_IP4:
		return inet_pton(AF_INET, text, value) == 1 ? 0 : -EINVAL;
	case EMF_IP6:
		return inet_pton(AF_INET6, text, value) == 1 ? 0 : -EINVAL;
	case EMF_IP:
		return parse_ip(text, value);
	case EMF_MAC:
		return parse_mac(text, value);
	case EMF_ARGV:
	case EMF_STRUCT:
	case EMF_U128:
	case EMF_S128:
	case EMF_HEX:
	case EMF_FD:
	case EMF_MAP_FD:
	case EMF_PROG_FD:
		return -EINVAL;
	default:
		break;
	}
	err = parse_number(type, text, &number);
	if (!err && type->type != EMF_ENUM) /* whose values may be negative */
		err = fits(type, number);
	if (!err)
		emf_value_store(type, value, number);
	return err;
}
