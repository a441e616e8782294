// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * bus_match.c - what two versions of a service have in common.
 */
#include "bus_match.h"

#include <stdio.h>
#include <stdlib.h>

static size_t sizes_of(const struct ebus_member *members, size_t n)
{
	size_t size = 0;

	for (size_t i = 0; i < n; i++)
		size += sizeof(struct ebus_bind_member) + (members[i].in.n_leaves + members[i].out.n_leaves) * sizeof(__u64);
	return size;
}

size_t ebus_bind_size(const struct ebus_service *s)
{
	return sizeof(struct ebus_bind) + sizes_of(s->methods, s->n_methods) + sizes_of(s->signals, s->n_signals) +
	       sizes_of(s->errors, s->n_errors);
}

/* Leaves may be none, which memcpy() does not take. */
static char *put(char *to, const void *from, size_t size)
{
	return size ? (char *)mempcpy(to, from, size) : to;
}

static char *write_members(const struct ebus_member *members, size_t n, char *to)
{
	for (size_t i = 0; i < n; i++) {
		const struct ebus_member *m = &members[i];
		struct ebus_bind_member one = { .n_in = (__u16)m->in.n_leaves, .n_out = (__u16)m->out.n_leaves };

		snprintf(one.name, sizeof(one.name), "%s", m->name);
		to = put(to, &one, sizeof(one));
		to = put(to, m->in.leaves, m->in.n_leaves * sizeof(__u64));
		to = put(to, m->out.leaves, m->out.n_leaves * sizeof(__u64));
	}
	return to;
}

void ebus_bind_write(const struct ebus_service *s, void *to)
{
	struct ebus_bind bind = { .hash = s->hash, .n_methods = (__u16)s->n_methods, .n_signals = (__u16)s->n_signals,
				  .n_errors = (__u16)s->n_errors };
	char *at;

	snprintf(bind.name, sizeof(bind.name), "%s", s->name);
	snprintf(bind.version, sizeof(bind.version), "%s", s->version);
	at = put(to, &bind, sizeof(bind));
	at = write_members(s->methods, s->n_methods, at);
	at = write_members(s->signals, s->n_signals, at);
	write_members(s->errors, s->n_errors, at);
}

/* A member of theirs, taken from what follows; false at the end of it. */
static bool take(const char **at, size_t *left, struct ebus_bind_member *member, const char **leaves)
{
	size_t more;

	if (*left < sizeof(*member))
		return false;
	memcpy(member, *at, sizeof(*member));
	more = ((size_t)member->n_in + member->n_out) * sizeof(__u64);
	if (*left - sizeof(*member) < more || !memchr(member->name, '\0', sizeof(member->name)))
		return false;
	*leaves = *at + sizeof(*member);
	*at = *leaves + more;
	*left -= sizeof(*member) + more;
	return true;
}

/* The last leaf that both have is a hash over all before it. */
static enum ebus_match compare(const struct ebus_message *ours, const char *leaves, size_t n)
{
	size_t common = n < ours->n_leaves ? n : ours->n_leaves;
	__u64 leaf;

	if (common) {
		memcpy(&leaf, leaves + (common - 1) * sizeof(leaf), sizeof(leaf));
		if (leaf != ours->leaves[common - 1])
			return EBUS_BROKEN;
	}
	return n == ours->n_leaves ? EBUS_EQUAL : EBUS_PARTIAL;
}

static enum ebus_match match(const struct ebus_member *members, size_t n, const struct ebus_bind_member *theirs,
			     const char *leaves, uint16_t *index)
{
	enum ebus_match in, out;
	size_t i = 0;

	*index = EBUS_NONE;
	while (i < n && strcmp(members[i].name, theirs->name))
		i++;
	if (i == n)
		return EBUS_ABSENT;
	in = compare(&members[i].in, leaves, theirs->n_in);
	out = compare(&members[i].out, leaves + theirs->n_in * sizeof(__u64), theirs->n_out);
	if (in == EBUS_BROKEN || out == EBUS_BROKEN)
		return EBUS_BROKEN;
	*index = (uint16_t)i;
	return in == EBUS_PARTIAL || out == EBUS_PARTIAL ? EBUS_PARTIAL : EBUS_EQUAL;
}

int ebus_map_make(struct ebus_map *map, const void *bytes, size_t size)
{
	const struct ebus_service *s = map->service;
	const char *at = (const char *)bytes + sizeof(struct ebus_bind), *leaves;
	struct ebus_bind_member member;
	struct ebus_bind bind;
	size_t left;

	if (size < sizeof(bind))
		return -EBADMSG;
	memcpy(&bind, bytes, sizeof(bind));
	left = size - sizeof(bind);
	if (!memchr(bind.version, '\0', sizeof(bind.version)) || bind.n_methods > EBUS_MEMBERS_MAX ||
	    bind.n_signals > EBUS_MEMBERS_MAX || bind.n_errors > EBUS_MEMBERS_MAX)
		return -EBADMSG;
	if (strtoul(bind.version, NULL, 10) != strtoul(s->version, NULL, 10))
		return -EPROTO;
	map->n_methods = bind.n_methods;
	map->n_signals = bind.n_signals;
	memset(map->errors, 0xff, sizeof(map->errors)); /* EBUS_NONE */
	for (uint16_t i = 0; i < bind.n_methods; i++) {
		if (!take(&at, &left, &member, &leaves))
			return -EBADMSG;
		map->matches[i] = (uint8_t)match(s->methods, s->n_methods, &member, leaves, &map->methods[i]);
	}
	for (uint16_t i = 0; i < bind.n_signals; i++) {
		if (!take(&at, &left, &member, &leaves))
			return -EBADMSG;
		map->matches[bind.n_methods + i] =
			(uint8_t)match(s->signals, s->n_signals, &member, leaves, &map->signals[i]);
	}
	for (uint16_t i = 0; i < bind.n_errors; i++) {
		uint16_t ours;

		if (!take(&at, &left, &member, &leaves))
			return -EBADMSG;
		match(s->errors, s->n_errors, &member, leaves, &ours);
		if (ours != EBUS_NONE)
			map->errors[ours] = i;
	}
	return left ? -EBADMSG : 0;
}
