/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * services.h - two services of rich records, as emfgen writes them; the hashes of their
 * leaves are numbers that corpus.py knows, too.
 */
#ifndef EMF_TESTS_FUZZ_SERVICES_H
#define EMF_TESTS_FUZZ_SERVICES_H

#include "bus.h"
#include "records.h"

enum { RICH_ALL, RICH_LATER, RICH_BIG, RICH_FAIL, RICH_METHODS };
enum { RICH_HEARD, RICH_BIG_HEARD, RICH_SIGNALS };

static const uint64_t rich_leaves[] = { 11, 12, 13, 14, 15 }, path_leaves[] = { 21 }, big_leaves[] = { 31 };

#define RICH { &rich_record, rich_leaves, 5 }
#define PATH { &path_record, path_leaves, 1 }
#define BIG { &big_record, big_leaves, 1 }

struct rich_ops {
	int (*serve)(struct ebus_call *call, const void *args, void *reply);
};

static inline int rich_invoke(struct ebus_call *call, const void *args, void *reply)
{
	return ((const struct rich_ops *)call->client->service->ops)->serve(call, args, reply);
}

static const struct ebus_member rich_methods[] = {
	{ "all", RICH, RICH, rich_invoke, "read" },
	{ "later", PATH, RICH, rich_invoke, "read" },
	{ "big", BIG, BIG, rich_invoke, "read" },
	{ "fail", { NULL, NULL, 0 }, { NULL, NULL, 0 }, rich_invoke, "read" },
};
static const struct ebus_member rich_signals[] = {
	{ "heard", RICH, { NULL, NULL, 0 }, NULL, "read" },
	{ "big_heard", BIG, { NULL, NULL, 0 }, NULL, "read" },
};
static const struct ebus_member rich_errors[] = { { "too_rich", { &point_record, path_leaves, 1 }, { NULL, NULL, 0 }, NULL, NULL } };

static const struct rich_ops rich_remote_ops = { ebus_call_remote };
static struct ebus_subscription *rich_subscriptions[RICH_SIGNALS], *guest_subscriptions[RICH_SIGNALS];

#define SERVICE(of, lists)                                                                                            \
	{ .name = of, .version = "1.0", .methods = rich_methods, .n_methods = RICH_METHODS, .signals = rich_signals,  \
	  .n_signals = RICH_SIGNALS, .errors = rich_errors, .n_errors = 1, .remote_ops = &rich_remote_ops,            \
	  .subscriptions = lists }

static struct ebus_service rich_service = SERVICE("rich", rich_subscriptions);
static struct ebus_service guest_service __attribute__((unused)) = SERVICE("guest", guest_subscriptions);

#endif
