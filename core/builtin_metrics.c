// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * builtin_metrics.c - metrics over the bus: a text that may be larger than a message, in parts.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "builtin.h"
#include "emf_emf.h"
#include "metric.h"

#define SNAPSHOTS_MAX 4 /* that are read at the same time; then the oldest one goes */

struct snapshot {
	uint64_t id; /* 0 of none; a higher one is younger */
	char *text;
	size_t size;
};

static struct emf *product;
static const struct emf_server *server;
static struct snapshot snapshots[SNAPSHOTS_MAX];
static uint64_t last_id;

static void forget(struct snapshot *s)
{
	free(s->text);
	*s = (struct snapshot){ .id = 0 };
}

static struct snapshot *find(uint64_t id)
{
	for (size_t i = 0; i < SNAPSHOTS_MAX; i++)
		if (id && snapshots[i].id == id)
			return &snapshots[i];
	return NULL;
}

static struct snapshot *make(void)
{
	struct snapshot *s = snapshots;

	for (size_t i = 1; i < SNAPSHOTS_MAX; i++)
		if (snapshots[i].id < s->id)
			s = &snapshots[i];
	forget(s);
	s->text = emf_metric_text(product, server, &s->size);
	s->id = s->text ? ++last_id : 0;
	return s->text ? s : NULL;
}

int statistics_serve_metrics(struct ebus_call *call, const struct statistics_metrics_args *args, struct statistics_metrics_reply *reply)
{
	struct snapshot *s = args->snapshot ? find(args->snapshot) : make();
	size_t left;

	(void)call;
	if (!s)
		return args->snapshot ? -ESTALE : -ENOMEM;
	if (args->from > s->size)
		return -EINVAL;
	left = s->size - args->from;
	reply->snapshot = s->id;
	reply->size = s->size;
	reply->text_len = (__u32)(left < sizeof(reply->text) ? left : sizeof(reply->text));
	memcpy(reply->text, s->text + args->from, reply->text_len);
	if (reply->text_len == left)
		forget(s);
	return 0;
}

void emf_builtin_provide_metrics(struct emf *emf, const struct emf_server *of)
{
	product = emf;
	server = of;
}

void emf_builtin_withdraw_metrics(void)
{
	for (size_t i = 0; i < SNAPSHOTS_MAX; i++)
		forget(&snapshots[i]);
}
