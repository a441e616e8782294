// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "turner_emf.h"

static struct heard_asked_subscription subscription;
static uint32_t asked;

static void on_asked(struct heard_asked_subscription *s, const struct heard_asked *signal)
{
	(void)s;
	asked = signal->x;
}

int turner_attach(struct module *m)
{
	subscription.handler = on_asked;
	return heard_on_asked(&heard_client, m, &subscription);
}

int shared_serve_turn(struct ebus_call *call, const struct shared_turn_args *args, struct shared_turn_reply *reply)
{
	struct shared_turned signal;

	(void)call;
	reply->turned.x = args->of.y;
	reply->turned.y = args->of.x;
	signal.to = reply->turned;
	shared_emit_turned(&signal);
	return 0;
}

int asking_serve_last(struct ebus_call *call, struct asking_last_reply *reply)
{
	struct heard_last_reply last;
	int err = heard_call_last(&heard_client, &last);

	(void)call;
	reply->x = last.x;
	reply->n = last.n;
	return err;
}

int asking_serve_asked(struct ebus_call *call, struct asking_asked_reply *reply)
{
	(void)call;
	reply->x = asked;
	return 0;
}
