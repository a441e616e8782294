// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * bus_call.c - calls whose answer comes later: asynchronous ones, deferred ones, and
 * those that another process answers.
 */
#include "bus.h"

#include <assert.h>

#include "loop.h"

static struct emf_loop *loop;
static struct ebus_async *asyncs; /* all that are under way */
static struct ebus_async *running; /* whose method is being called; NULL once it was answered there */

void emf_bus_set_loop(struct emf_loop *of)
{
	loop = of;
}

/* --- the provider's side */

int ebus_defer(struct ebus_call *call, struct ebus_deferred *deferred)
{
	struct ebus_service *service = call->client->service;

	if (!call->waiter)
		return -EWOULDBLOCK;
	assert(!deferred->waiter && !call->waiter->deferred);
	deferred->waiter = call->waiter;
	deferred->waiter->deferred = deferred;
	deferred->next = service->deferred;
	deferred->at = &service->deferred;
	if (deferred->next)
		deferred->next->at = &deferred->next;
	service->deferred = deferred;
	return -EINPROGRESS;
}

/* Parts provider and waiter. Return: the waiter, or NULL if they were apart. */
static struct ebus_waiter *part(struct ebus_deferred *deferred)
{
	struct ebus_waiter *waiter = deferred->waiter;

	if (!waiter)
		return NULL;
	*deferred->at = deferred->next;
	if (deferred->next)
		deferred->next->at = deferred->at;
	deferred->waiter = NULL;
	waiter->deferred = NULL;
	return waiter;
}

void ebus_answer(struct ebus_deferred *deferred, int err, const void *reply)
{
	struct ebus_waiter *waiter = part(deferred);

	if (!waiter)
		return;
	if (err != -EREMOTEIO)
		waiter->client->error = NULL;
	waiter->answered(waiter, err, err ? NULL : reply);
}

void ebus_fail_later(struct ebus_deferred *deferred, const char *error, const void *data, size_t size_bytes)
{
	struct ebus_call call = { .client = deferred->waiter ? deferred->waiter->client : NULL };

	if (call.client)
		ebus_answer(deferred, ebus_fail(&call, error, data, size_bytes), NULL);
}

void emf_bus_waiter_cancel(struct ebus_waiter *waiter)
{
	struct ebus_deferred *deferred = waiter->deferred;

	if (!deferred)
		return;
	part(deferred);
	if (deferred->cancelled)
		deferred->cancelled(deferred);
}

void emf_bus_calls_refuse(struct ebus_service *service, int err)
{
	struct ebus_deferred *all = service->deferred;

	/* Apart from the service: who is refused may call again, and be deferred by the next provider. */
	service->deferred = NULL;
	if (all)
		all->at = &all;
	while (all) {
		struct ebus_deferred *deferred = all;
		struct ebus_waiter *waiter = part(deferred);

		if (deferred->cancelled)
			deferred->cancelled(deferred);
		waiter->client->error = NULL;
		waiter->answered(waiter, err, NULL);
	}
}

int ebus_call_remote(struct ebus_call *call, const void *args, void *reply)
{
	struct ebus_remote *remote = call->client->service->remote;

	return remote->call(remote, call, args, reply);
}

/* --- the caller's side */

static void forget(struct ebus_async *async)
{
	*async->at = async->next;
	if (async->next)
		async->next->at = async->at;
	async->at = NULL;
	if (running == async)
		running = NULL;
	emf_timer_stop(&async->timer);
}

static void finish(struct ebus_async *async, int err)
{
	forget(async);
	async->finished(async, err);
}

static void on_answer(struct ebus_waiter *waiter, int err, const void *reply)
{
	struct ebus_async *async = emf_container_of(waiter, struct ebus_async, waiter);
	const struct emf_record *record = async->call.client->service->methods[async->call.method].out.record;

	if (reply && record)
		memcpy(async->reply, reply, record->size);
	finish(async, err);
}

/* Return: what the method returned; 1 if it was answered inside, and may be gone. */
static int make(struct ebus_async *async)
{
	struct ebus_call *call = &async->call;
	struct ebus_async *outer = running;
	bool answered;
	unsigned int depth = ebus_depth;
	int err = ebus_call_begin(call->client, depth);

	if (err)
		return err;
	running = async;
	err = call->client->service->methods[call->method].invoke(call, async->args, async->reply);
	ebus_call_end(call->client, depth, err);
	answered = running != async;
	running = outer;
	if (answered)
		return 1;
	/* One that says so and keeps nothing would never answer. */
	if (err == -EINPROGRESS && !async->waiter.deferred)
		err = -EPROTO;
	return err > 0 ? -EPROTO : err;
}

static void wait_for(struct ebus_async *async)
{
	uint64_t ms = async->timeout_ms ? async->timeout_ms : EBUS_TIMEOUT_MS;

	emf_loop_start_timer(loop, async->owner, &async->timer, ms * 1000000, 0);
}

static void on_timer(struct emf_timer *timer)
{
	struct ebus_async *async = emf_container_of(timer, struct ebus_async, timer);
	int err = -ETIMEDOUT;

	if (async->waiter.deferred) {
		emf_bus_waiter_cancel(&async->waiter);
		async->call.client->error = NULL;
		finish(async, err);
		return;
	}
	err = make(async);
	if (err == -EINPROGRESS)
		wait_for(async);
	else if (err <= 0)
		finish(async, err);
}

int ebus_async_start(struct ebus_async *async, struct ebus_client *client, unsigned int method, struct module *m)
{
	if (async->at)
		return -EALREADY;
	async->call = (struct ebus_call){ client, method, &async->waiter };
	async->waiter = (struct ebus_waiter){ .answered = on_answer, .client = client };
	async->timer.expired = on_timer;
	async->owner = m;
	async->next = asyncs;
	async->at = &asyncs;
	if (asyncs)
		asyncs->at = &async->next;
	asyncs = async;
	/* To another process at once, since many share a packet. What fails is told in a later turn. */
	if (client->service->remote && make(async) == -EINPROGRESS)
		wait_for(async);
	else
		emf_loop_start_timer(loop, m, &async->timer, 0, 0);
	return 0;
}

void ebus_async_cancel(struct ebus_async *async)
{
	if (!async->at)
		return;
	forget(async);
	emf_bus_waiter_cancel(&async->waiter);
}

void emf_bus_calls_remove_owner(const struct module *m)
{
	struct ebus_async *a = asyncs;

	while (a) {
		struct ebus_async *next = a->next;

		if (a->owner == m) {
			ebus_async_cancel(a);
			next = asyncs; /* who was told may have cancelled others */
		}
		a = next;
	}
}
