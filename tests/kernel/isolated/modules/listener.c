// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "listener_emf.h"

static struct shared_turned_subscription subscription;
static struct shared_turn_async turn;
static struct ebus_deferred asker;
static uint32_t last, n;

static void on_turned(struct shared_turned_subscription *s, const struct shared_turned *signal)
{
	(void)s;
	last = signal->to.x;
	n++;
}

int listener_attach(struct module *m)
{
	subscription.handler = on_turned;
	return shared_on_turned(&shared_client, m, &subscription);
}

int heard_serve_last(struct ebus_call *call, struct heard_last_reply *reply)
{
	(void)call;
	reply->x = last;
	reply->n = n;
	return 0;
}

static void on_answer(struct shared_turn_async *async, int err)
{
	struct heard_ask_reply reply;

	reply.x = async->reply.turned.x;
	reply.y = async->reply.turned.y;
	heard_reply_ask(&asker, err, &reply);
}

int heard_serve_ask(struct ebus_call *call, const struct heard_ask_args *args, struct heard_ask_reply *reply)
{
	struct heard_asked signal = { .x = args->x };

	(void)reply;
	heard_emit_asked(&signal);
	if (asker.waiter)
		return -EBUSY;
	turn.args.of.x = args->x;
	turn.args.of.y = args->y;
	turn.done = on_answer;
	shared_call_turn_async(&shared_client, NULL, &turn);
	return ebus_defer(call, &asker);
}

int heard_serve_secret(struct ebus_call *call, struct heard_secret_reply *reply)
{
	(void)call;
	reply->n = 42;
	return 0;
}
