// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * cgroupconnect.c - the rules. The map is the list: there is no other one.
 */
#include "cgroupconnect_emf.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "prefix.h"

#define PORT_MAX 65535
#define WORD_MAX (sizeof("[]:65535") + PREFIX_TEXT_MAX)
/* Of a key what stands before the address, in bits. */
#define HEAD_BITS (8 * (offsetof(struct cgroupconnect_key, address) - sizeof(__u32)))

static struct {
	struct module *m;
	struct cgroupconnect_list_reply *reply; /* that is being filled */
	uint32_t skip, limit;
	struct bpf_link *links[2]; /* of the two families */
} c;

/* --- rules as people write them */

static struct cgroupconnect_key key_of(uint64_t cgroup, uint32_t port, const struct prefix *prefix)
{
	struct cgroupconnect_key key = { .family = (__u16)prefix->family, .port = (__u16)port, .cgroup = cgroup };

	if (prefix->family == AF_INET) {
		key.length = HEAD_BITS + 96 + prefix->length;
		key.address[2] = htonl(0xffff);
		key.address[3] = prefix->address[0];
	} else {
		key.length = HEAD_BITS + prefix->length;
		memcpy(key.address, prefix->address, sizeof(key.address));
	}
	return key;
}

static char *format(char text[PREFIX_TEXT_MAX], const struct cgroupconnect_key *key)
{
	bool is_ip4 = key->family == AF_INET;

	return prefix_format(text, key->family, is_ip4 ? &key->address[3] : key->address, key->length - HEAD_BITS - (is_ip4 ? 96 : 0));
}

/* "any" is both families. Return: how many prefixes, or -EINVAL and why. */
static int parse(const char *network, struct prefix prefixes[2], char why[PREFIX_WHY_MAX])
{
	int err;

	if (!strcmp(network, "any")) {
		prefixes[0] = (struct prefix){ .family = AF_INET };
		prefixes[1] = (struct prefix){ .family = AF_INET6 };
		return 2;
	}
	err = prefix_parse(network, &prefixes[0], why);
	return err ? err : 1;
}

/* --- the list */

static bool find(const struct cgroupconnect_key *key, struct cgroupconnect_value *value)
{
	/* The trie answers with a larger network, too. */
	return !cgroupconnect_map_rules_map_lookup(c.m, key, value) && value->length == key->length;
}

static int add(uint64_t cgroup, uint32_t port, const char *network, enum cgroupconnect_verdict verdict, char why[PREFIX_WHY_MAX])
{
	struct prefix prefixes[2];
	char text[PREFIX_TEXT_MAX];
	int n = parse(network, prefixes, why);

	for (int i = 0; i < n; i++) {
		struct cgroupconnect_key key = key_of(cgroup, port, &prefixes[i]);
		struct cgroupconnect_value value = { .verdict = verdict, .length = key.length }, known;
		int err;

		/* One that is there already keeps its hits. */
		if (find(&key, &known) && known.verdict == verdict)
			continue;
		err = cgroupconnect_map_rules_map_update(c.m, &key, &value);
		if (err == -ENOSPC)
			snprintf(why, PREFIX_WHY_MAX, "the rule for %s does not fit: there is room for %u (parameter rules)",
				 format(text, &key), cgroupconnect_params.rules);
		else if (err)
			snprintf(why, PREFIX_WHY_MAX, "the rule for %s: %s", format(text, &key), emf_errno_name(err));
		if (err)
			return err;
	}
	return n < 0 ? n : 0;
}

/* --- for those who call */

static int refuse(struct ebus_call *call, int err, const char *why)
{
	struct cgroupconnect_refused error = { .reason = err };

	snprintf(error.why, sizeof(error.why), "%s", why);
	return cgroupconnect_fail_refused(call, &error);
}

static int serve(struct ebus_call *call, uint64_t cgroup, uint32_t port, const char *network, enum cgroupconnect_verdict verdict)
{
	char why[PREFIX_WHY_MAX];
	int err = add(cgroup, port, network, verdict, why);

	return err ? refuse(call, err, why) : 0;
}

int cgroupconnect_serve_allow(struct ebus_call *call, const struct cgroupconnect_allow_args *args)
{
	return serve(call, args->cgroup, args->port, args->network, CGROUPCONNECT_VERDICT_ALLOW);
}

int cgroupconnect_serve_deny(struct ebus_call *call, const struct cgroupconnect_deny_args *args)
{
	return serve(call, args->cgroup, args->port, args->network, CGROUPCONNECT_VERDICT_DENY);
}

int cgroupconnect_serve_remove(struct ebus_call *call, const struct cgroupconnect_remove_args *args)
{
	struct cgroupconnect_no_such_rule absent = { .cgroup = args->cgroup, .port = args->port };
	char why[PREFIX_WHY_MAX];
	struct prefix prefixes[2];
	int n = parse(args->network, prefixes, why), removed = 0;

	for (int i = 0; i < n; i++) {
		struct cgroupconnect_key key = key_of(args->cgroup, args->port, &prefixes[i]);
		int err = cgroupconnect_map_rules_map_delete(c.m, &key);

		if (err && err != -ENOENT)
			return err;
		removed += !err;
		if (err)
			format(absent.network, &key);
	}
	if (n < 0)
		return refuse(call, n, why);
	return removed ? 0 : cgroupconnect_fail_no_such_rule(call, &absent);
}

static int list(const struct cgroupconnect_key *key, const struct cgroupconnect_value *value, void *arg)
{
	struct cgroupconnect_list_reply *reply = c.reply;
	struct cgroupconnect_rule *row;

	(void)arg;
	if (reply->total++ < c.skip || reply->rows_len == c.limit)
		return 0;
	row = &reply->rows[reply->rows_len++];
	*row = (struct cgroupconnect_rule){ .cgroup = key->cgroup, .port = key->port, .verdict = value->verdict, .hits = value->hits };
	format(row->network, key);
	return 0;
}

int cgroupconnect_serve_list(struct ebus_call *call, const struct cgroupconnect_list_args *args, struct cgroupconnect_list_reply *reply)
{
	(void)call;
	c.reply = reply;
	c.skip = args->skip;
	c.limit = args->limit < CGROUPCONNECT_ROWS_MAX ? args->limit : CGROUPCONNECT_ROWS_MAX;
	reply->total = reply->rows_len = 0;
	return cgroupconnect_map_rules_map_for_each(c.m, list, NULL);
}

/* --- */

int cgroupconnect_configure(struct module *m)
{
	struct cgroupconnect_bpf *skeleton = cgroupconnect_skeleton(m);

	/* Both hang in one place, which is asked for once: cgroupconnect_attach(). */
	bpf_program__set_autoattach(skeleton->progs.on_connect4, false);
	bpf_program__set_autoattach(skeleton->progs.on_connect6, false);
	return bpf_map__set_max_entries(skeleton->maps.rules_map, cgroupconnect_params.rules);
}

/* "10.0.0.0/8:443" or "[2001:db8::/32]:443". Return: the port, 0 for all; -EINVAL. The network is cut out of @word. */
static int split(char *word, char **network)
{
	char *colon = strrchr(word, ':'), *close = strchr(word, ']'), *end;
	unsigned long port;

	*network = word;
	if (*word == '[') {
		if (!close || (close[1] && close[1] != ':'))
			return -EINVAL;
		*network = word + 1;
		*close = '\0';
		colon = close[1] ? close + 1 : NULL;
	} else if (colon && strchr(word, ':') != colon) {
		return 0; /* an IPv6 address without a port */
	}
	if (!colon)
		return 0;
	*colon = '\0';
	port = strtoul(colon + 1, &end, 10);
	return colon[1] < '0' || colon[1] > '9' || *end || !port || port > PORT_MAX ? -EINVAL : (int)port;
}

static int add_from_start(const char *option, const char *words, enum cgroupconnect_verdict verdict)
{
	char all[sizeof(cgroupconnect_params.deny)], copy[WORD_MAX], why[PREFIX_WHY_MAX], *rest = all, *word, *network;
	int port, err;

	snprintf(all, sizeof(all), "%s", words);
	while ((word = strsep(&rest, ", "))) {
		if (!*word)
			continue;
		snprintf(copy, sizeof(copy), "%s", word);
		port = split(word, &network);
		if (port < 0) {
			emf_err(c.m, "--%s: \"%s\" is no network with a port, such as 10.0.0.0/8:443 or [2001:db8::/32]:443", option, copy);
			return -EINVAL;
		}
		err = add(0, (uint32_t)port, network, verdict, why);
		if (err) {
			emf_err(c.m, "--%s: %s", option, why);
			return err;
		}
	}
	return 0;
}

int cgroupconnect_create(struct module *m)
{
	int err;

	c.m = m;
	err = add_from_start("deny", cgroupconnect_params.deny, CGROUPCONNECT_VERDICT_DENY);
	return err ? err : add_from_start("allow", cgroupconnect_params.allow, CGROUPCONNECT_VERDICT_ALLOW);
}

int cgroupconnect_detach(struct module *m)
{
	(void)m;
	for (int i = 0; i < 2; i++) {
		bpf_link__destroy(c.links[i]);
		c.links[i] = NULL;
	}
	return 0;
}

int cgroupconnect_attach(struct module *m)
{
	const struct cgroupconnect_bpf *skeleton = cgroupconnect_skeleton(m);
	const struct bpf_program *programs[] = { skeleton->progs.on_connect4, skeleton->progs.on_connect6 };
	const char *path = cgroupconnect_params.cgroup;
	int fd, err = 0;

	/* Not before: 'emf doctor' loads it, and has no group. */
	if (!*path) {
		emf_err(m, "it is not said which group is meant (give --cgroup, such as /sys/fs/cgroup/system.slice)");
		return -EDESTADDRREQ;
	}
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		err = -errno;
	for (int i = 0; !err && i < 2; i++) {
		c.links[i] = bpf_program__attach_cgroup(programs[i], fd);
		err = c.links[i] ? 0 : -errno;
	}
	if (fd >= 0)
		close(fd);
	if (!err)
		return 0;
	cgroupconnect_detach(m);
	emf_err(m, "cannot watch group '%s': %s (it has to be a folder of cgroup version 2; 'mount -t cgroup2' shows where those are)",
		path, strerror(-err));
	return err;
}
