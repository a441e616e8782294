// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * acl.c - the list of those who are kept out. The maps are the list: there is no other one.
 */
#include "acl_emf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "ethernet.h"
#include "prefix.h"

#define AGAIN_NS 100000000ull

static struct {
	struct module *m;
	struct emf_timer timer;
	uint64_t number; /* of the last rule */
	uint64_t due; /* when the next entry's time is over; 0: none has one */
	struct acl_list_reply *reply; /* that is being filled */
	uint32_t skip, limit;
} a;

/* --- the list */

static int lookup(const struct prefix *prefix, struct acl_rule *rule)
{
	struct acl_key4 key4 = { prefix->length, prefix->address[0] };
	struct acl_key6 key6 = { .length = prefix->length };
	int err;

	memcpy(key6.address, prefix->address, sizeof(key6.address));
	err = prefix->family == AF_INET ? acl_map_list4_lookup(a.m, &key4, rule) : acl_map_list6_lookup(a.m, &key6, rule);
	/* The trie answers with a larger network, too. */
	return !err && rule->length != prefix->length ? -ENOENT : err;
}

static int update(const struct prefix *prefix, const struct acl_rule *rule)
{
	struct acl_key4 key4 = { prefix->length, prefix->address[0] };
	struct acl_key6 key6 = { .length = prefix->length };

	memcpy(key6.address, prefix->address, sizeof(key6.address));
	return prefix->family == AF_INET ? acl_map_list4_update(a.m, &key4, rule) : acl_map_list6_update(a.m, &key6, rule);
}

static int delete(const struct prefix *prefix)
{
	struct acl_key4 key4 = { prefix->length, prefix->address[0] };
	struct acl_key6 key6 = { .length = prefix->length };

	memcpy(key6.address, prefix->address, sizeof(key6.address));
	return prefix->family == AF_INET ? acl_map_list4_delete(a.m, &key4) : acl_map_list6_delete(a.m, &key6);
}

static int drop(const struct prefix *prefix)
{
	struct acl_rule rule;
	int err = lookup(prefix, &rule);

	if (!err)
		err = delete(prefix);
	if (!err)
		acl_map_counts_delete(a.m, &rule.number);
	return err;
}

static bool is_over(const struct acl_rule *rule, uint64_t now)
{
	return rule->until && rule->until <= now;
}

static void wake_at(uint64_t due)
{
	uint64_t now = emf_now_ns();

	if (a.due && a.due <= due)
		return;
	a.due = due;
	emf_timer_start(a.m, &a.timer, due > now ? due - now : 1, 0);
}

static int add(const struct prefix *prefix, uint64_t ttl, char why[PREFIX_WHY_MAX])
{
	uint64_t now = emf_now_ns();
	struct acl_count none = { 0 };
	struct acl_rule rule;
	char text[PREFIX_TEXT_MAX];
	int err = lookup(prefix, &rule);
	bool is_new = err;

	if (!err && is_over(&rule, now))
		is_new = !drop(prefix);
	if (is_new)
		rule = (struct acl_rule){ .length = prefix->length, .number = ++a.number };
	rule.until = !ttl ? 0 : ttl < UINT64_MAX - now ? now + ttl : UINT64_MAX;
	/* Its counts first: no packet is to find the one without the other. */
	err = is_new ? acl_map_counts_update(a.m, &rule.number, &none) : 0;
	if (!err)
		err = update(prefix, &rule);
	if (err) {
		if (is_new)
			acl_map_counts_delete(a.m, &rule.number);
		prefix_format(text, prefix->family, prefix->address, prefix->length);
		if (err == -ENOSPC)
			snprintf(why, PREFIX_WHY_MAX, "%s does not fit: the list has room for %u of its family (parameter entries)",
				 text, acl_params.entries);
		else
			snprintf(why, PREFIX_WHY_MAX, "%s: %s", text, emf_errno_name(err));
		return err;
	}
	if (rule.until)
		wake_at(rule.until);
	return 0;
}

/* --- entries whose time is over */

static int expire(const struct prefix *prefix, const struct acl_rule *rule, uint64_t now)
{
	if (!rule->until)
		return 0;
	if (!is_over(rule, now)) {
		wake_at(rule->until);
	} else {
		drop(prefix);
		/* A walk begins anew behind a key that has gone, and may end before it has seen all. */
		wake_at(now + AGAIN_NS);
	}
	return 0;
}

static int expire4(const struct acl_key4 *key, const struct acl_rule *rule, void *now)
{
	return expire(&(struct prefix){ AF_INET, key->length, { key->address } }, rule, *(uint64_t *)now);
}

static int expire6(const struct acl_key6 *key, const struct acl_rule *rule, void *now)
{
	struct prefix prefix = { .family = AF_INET6, .length = key->length };

	memcpy(prefix.address, key->address, sizeof(prefix.address));
	return expire(&prefix, rule, *(uint64_t *)now);
}

/* The kernel part does not wait for this: here is made room. */
static void on_timer(struct emf_timer *timer)
{
	uint64_t now = emf_now_ns();

	(void)timer;
	a.due = 0;
	acl_map_list4_for_each(a.m, expire4, &now);
	acl_map_list6_for_each(a.m, expire6, &now);
}

/* --- for those who call */

static int refuse(struct ebus_call *call, int err, const char *why)
{
	struct acl_refused error = { .reason = err };

	snprintf(error.why, sizeof(error.why), "%s", why);
	return acl_fail_refused(call, &error);
}

int acl_serve_add(struct ebus_call *call, const struct acl_add_args *args)
{
	char why[PREFIX_WHY_MAX];
	struct prefix prefix;
	int err = prefix_parse(args->prefix, &prefix, why);

	if (!err)
		err = add(&prefix, args->ttl, why);
	return err ? refuse(call, err, why) : 0;
}

int acl_serve_remove(struct ebus_call *call, const struct acl_remove_args *args)
{
	struct acl_no_such_entry absent;
	char why[PREFIX_WHY_MAX];
	struct prefix prefix;
	int err = prefix_parse(args->prefix, &prefix, why);

	if (err)
		return refuse(call, err, why);
	err = drop(&prefix);
	if (err != -ENOENT)
		return err;
	memset(&absent, 0, sizeof(absent));
	prefix_format(absent.prefix, prefix.family, prefix.address, prefix.length);
	return acl_fail_no_such_entry(call, &absent);
}

static int list(int family, __u32 length, const void *address, const struct acl_rule *rule, uint64_t now)
{
	struct acl_list_reply *reply = a.reply;
	struct acl_count count = { 0 };
	struct acl_entry *entry;

	if (is_over(rule, now) || reply->total++ < a.skip || reply->rows_len == a.limit)
		return 0;
	acl_map_counts_lookup(a.m, &rule->number, &count);
	entry = &reply->rows[reply->rows_len++];
	*entry = (struct acl_entry){ .left = rule->until ? rule->until - now : 0, .packets = count.packets, .bytes = count.bytes };
	prefix_format(entry->prefix, family, address, length);
	return 0;
}

static int list4(const struct acl_key4 *key, const struct acl_rule *rule, void *now)
{
	return list(AF_INET, key->length, &key->address, rule, *(uint64_t *)now);
}

static int list6(const struct acl_key6 *key, const struct acl_rule *rule, void *now)
{
	return list(AF_INET6, key->length, key->address, rule, *(uint64_t *)now);
}

int acl_serve_list(struct ebus_call *call, const struct acl_list_args *args, struct acl_list_reply *reply)
{
	uint64_t now = emf_now_ns();
	int err;

	(void)call;
	a.reply = reply;
	a.skip = args->skip;
	a.limit = args->limit < ACL_ROWS_MAX ? args->limit : ACL_ROWS_MAX;
	reply->total = reply->rows_len = 0;
	err = acl_map_list4_for_each(a.m, list4, &now);
	return err ? err : acl_map_list6_for_each(a.m, list6, &now);
}

int acl_serve_totals(struct ebus_call *call, struct acl_totals_reply *reply)
{
	struct acl_total total;
	__u32 zero = 0;
	int err = acl_map_totals_sum(a.m, &zero, &total);

	(void)call;
	if (!err)
		*reply = (struct acl_totals_reply){ total.seen, total.blocked, total.blocked_bytes };
	return err;
}

void acl_handle_dropped(struct module *m, const struct acl_dropped *event)
{
	struct acl_blocked blocked = { .time = event->time, .sport = ntohs(event->sport), .dport = ntohs(event->dport),
				       .proto = event->proto, .packets = event->packets };
	struct prefix prefix = { .family = event->family == NET_FAMILY_IP4 ? AF_INET : AF_INET6, .length = event->length };
	char clock[16];

	if (prefix.family == AF_INET)
		prefix.address[0] = event->saddr[3];
	else
		memcpy(prefix.address, event->saddr, sizeof(prefix.address));
	prefix_cut(&prefix);
	prefix_format(blocked.prefix, prefix.family, prefix.address, prefix.length);
	address_text(blocked.source, event->saddr);
	address_text(blocked.destination, event->daddr);
	emf_print(m, "%-12s %-20s %-24s %-24s %5u %5u %10llu\n", emf_clock(clock, event->time), blocked.prefix, blocked.source,
		  blocked.destination, event->proto, blocked.dport, event->packets);
	acl_emit_blocked(&blocked);
}

/* --- */

int acl_configure(struct module *m)
{
	struct acl_bpf *skel = acl_skeleton(m);
	int err = bpf_map__set_max_entries(skel->maps.list4, acl_params.entries);

	if (!err)
		err = bpf_map__set_max_entries(skel->maps.list6, acl_params.entries);
	/* One more than there are rules: where a list is full is seen by the list. */
	return err ? err : bpf_map__set_max_entries(skel->maps.counts, 2 * acl_params.entries + 1);
}

static int add_from_start(void)
{
	char all[sizeof(acl_params.block)], why[PREFIX_WHY_MAX], *rest = all, *word;
	struct prefix prefix;

	memcpy(all, acl_params.block, sizeof(all));
	while ((word = strsep(&rest, ", "))) {
		int err;

		if (!*word)
			continue;
		err = prefix_parse(word, &prefix, why);
		if (!err)
			err = add(&prefix, 0, why);
		if (err) {
			emf_err(a.m, "--block: %s", why);
			return err;
		}
	}
	return 0;
}

int acl_create(struct module *m)
{
	int err = ethernet_check(m);

	a.m = m;
	a.due = 0;
	a.number = emf_now_ns(); /* none of before, where the maps are still those */
	a.timer.expired = on_timer;
	return err ? err : add_from_start();
}

int acl_attach(struct module *m)
{
	emf_print(m, "%-12s %-20s %-24s %-24s %5s %5s %10s\n", "TIME", "PREFIX", "SOURCE", "DESTINATION", "PROTO", "DPORT", "PACKETS");
	return 0;
}

int acl_destroy(struct module *m)
{
	struct acl_total total;
	__u32 zero = 0;

	if (!acl_map_totals_sum(m, &zero, &total))
		emf_print(m, "%llu packets seen, %llu dropped with %llu bytes\n", total.seen, total.blocked, total.blocked_bytes);
	return 0;
}
