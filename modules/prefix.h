/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * prefix.h - addresses and networks as people write them, 10.0.0.0/8 or 2001:db8::1, for user parts.
 */
#ifndef PREFIX_H
#define PREFIX_H

#include <arpa/inet.h>
#include <emf.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX_TEXT_MAX 44 /* a string<=43 of a description */
#define PREFIX_WHY_MAX 192

struct prefix {
	int family;
	__u32 length;
	__be32 address[4]; /* the first one for IPv4 */
};

static inline char *prefix_format(char text[PREFIX_TEXT_MAX], int family, const void *address, __u32 length)
{
	char bare[INET6_ADDRSTRLEN];

	if (!inet_ntop(family, address, bare, sizeof(bare)))
		bare[0] = '\0';
	snprintf(text, PREFIX_TEXT_MAX, "%.39s/%u", bare, length);
	return text;
}

/* Clears what lies beyond the length; false if nothing did. */
static inline bool prefix_cut(struct prefix *prefix)
{
	unsigned char *bytes = (unsigned char *)prefix->address;
	bool changed = false;

	for (unsigned int i = 0; i < sizeof(prefix->address); i++) {
		unsigned int kept = prefix->length > 8 * i ? prefix->length - 8 * i : 0;
		unsigned char mask = kept >= 8 ? 0xff : (unsigned char)(0xff00 >> kept);

		changed |= bytes[i] & ~mask;
		bytes[i] &= mask;
	}
	return changed;
}

/* 0, or -EINVAL and why: a list that keeps out others than were meant is worse than none. */
static inline int prefix_parse(const char *text, struct prefix *prefix, char why[PREFIX_WHY_MAX])
{
	char address[PREFIX_TEXT_MAX], fixed[PREFIX_TEXT_MAX], *end;
	const char *slash = strchr(text, '/');
	size_t n = slash ? (size_t)(slash - text) : strlen(text);
	unsigned long longest, length;

	*prefix = (struct prefix){ .family = strchr(text, ':') ? AF_INET6 : AF_INET };
	longest = prefix->family == AF_INET6 ? 128 : 32;
	snprintf(address, sizeof(address), "%.*s", (int)(n < sizeof(address) ? n : sizeof(address) - 1), text);
	if (inet_pton(prefix->family, address, prefix->address) != 1) {
		emf_text(fixed, sizeof(fixed), text, strnlen(text, 32));
		snprintf(why, PREFIX_WHY_MAX, "\"%s\" is no address or network, such as 10.0.0.0/8 or 2001:db8::1", fixed);
		return -EINVAL;
	}
	length = slash ? strtoul(slash + 1, &end, 10) : longest;
	if (slash && (slash[1] < '0' || slash[1] > '9' || *end || length > longest)) {
		emf_text(fixed, sizeof(fixed), text, strnlen(text, sizeof(fixed) - 1));
		snprintf(why, PREFIX_WHY_MAX, "\"%s\": behind the '/' stands a number of bits from 0 to %lu", fixed, longest);
		return -EINVAL;
	}
	prefix->length = (__u32)length;
	if (prefix_cut(prefix)) {
		snprintf(why, PREFIX_WHY_MAX, "\"%.43s\" is an address in a network: write %s for the network", text,
			 prefix_format(fixed, prefix->family, prefix->address, prefix->length));
		return -EINVAL;
	}
	/* The same address in two families: packets of the one that is written have the other one. */
	if (prefix->family == AF_INET6 && length >= 96 && IN6_IS_ADDR_V4MAPPED((const struct in6_addr *)(void *)prefix->address)) {
		snprintf(why, PREFIX_WHY_MAX, "\"%.43s\" is an IPv4 address: write it as one", text);
		return -EINVAL;
	}
	return 0;
}

#endif
