/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * emf/bus.h - the ebus inside of a product: calls and signals between modules.
 *
 * Authors use the stubs of generated headers, <service>_call_<method>() and so on,
 * which are typed; this is what the stubs are made of. All of it runs on the loop
 * thread. A call costs an indirect call and a counter: nothing is allocated, copied or
 * looked up by name.
 */
#ifndef EMF_BUS_H
#define EMF_BUS_H

#include <errno.h>
#include <string.h>

#include <emf/loop.h>

#ifdef __cplusplus
extern "C" {
#endif

#define EBUS_DEPTH_MAX 32  /* calls inside calls; more is a cycle */
#define EBUS_ERROR_MAX 256 /* bytes of a typed error */

struct ebus_service;
struct ebus_subscription;

/**
 * struct ebus_member - a method or a signal
 * @name: as it is declared
 * @size: of its arguments, in bytes; 0 without any
 * @reply_size: of what a method answers
 * @hash: of the layout of its arguments; 0 without any
 * @reply_hash: of the layout of its results
 */
struct ebus_member {
	const char *name;
	size_t size;
	size_t reply_size;
	uint64_t hash;
	uint64_t reply_hash;
};

/**
 * struct ebus_service - a service that modules of this product provide or use
 * @name: as it is declared
 * @version: "1.0"
 * @hash: of its whole schema
 * @methods: in the order of declaration
 * @n_methods: how many
 * @signals: likewise
 * @n_signals: how many
 * @subscriptions: one list for each signal; EMF's own
 * @ops: functions of the provider; NULL when there is none; EMF's own
 * @provider: who serves; EMF's own
 * @next: of all that were subscribed to; EMF's own
 * @listed: it is among those; EMF's own
 */
struct ebus_service {
	const char *name;
	const char *version;
	uint64_t hash;
	const struct ebus_member *methods;
	size_t n_methods;
	const struct ebus_member *signals;
	size_t n_signals;
	struct ebus_subscription **subscriptions;
	const void *ops;
	struct module *provider;
	struct ebus_service *next;
	bool listed;
};

/**
 * struct ebus_client - where calls of a service go; the base of struct <service>_client
 * @service: that is called
 * @error: name of the typed error that the last call was answered with, or NULL
 * @error_data: what it carries
 */
struct ebus_client {
	struct ebus_service *service;
	const char *error;
	union {
		uint64_t align;
		char bytes[EBUS_ERROR_MAX];
	} error_data;
};

/**
 * struct ebus_call - a call that is being served
 * @client: who calls
 * @method: its index
 */
struct ebus_call {
	struct ebus_client *client;
	unsigned int method;
};

/* Calls inside of calls at this moment. */
EMF_API extern unsigned int ebus_depth;

/* What a stub does first. Return: 0; -ENOTCONN without a provider; -ELOOP in a cycle. */
static inline int ebus_call_begin(struct ebus_client *client)
{
	client->error = NULL;
	if (__builtin_expect(!client->service->ops, 0))
		return -ENOTCONN;
	if (__builtin_expect(ebus_depth >= EBUS_DEPTH_MAX, 0))
		return -ELOOP;
	ebus_depth++;
	return 0;
}

/* What a stub does last. */
static inline void ebus_call_end(void)
{
	ebus_depth--;
}

/**
 * ebus_call_module() - the module that serves a call
 * @call: given to <service>_serve_<method>()
 *
 * Context: loop thread, while serving.
 * Return: the module; its priv is at hand there.
 * Since: 0.1
 */
static inline struct module *ebus_call_module(const struct ebus_call *call)
{
	return call->client->service->provider;
}

/* The answer of <service>_fail_<error>(): the call failed with a typed error. */
static inline int ebus_fail(struct ebus_call *call, const char *error, const void *data, size_t size_bytes)
{
	call->client->error = error;
	memcpy(call->client->error_data.bytes, data, size_bytes);
	return -EREMOTEIO;
}

/* The typed error @error of the last call, if that is what it was answered with. */
static inline const void *ebus_error(const struct ebus_client *client, const char *error)
{
	return client->error && !strcmp(client->error, error) ? client->error_data.bytes : NULL;
}

/**
 * struct ebus_subscription - a listener; the base of struct <service>_<signal>_subscription
 * @deliver: called with each signal; set by <service>_on_<signal>()
 * @next: EMF's own, as the rest
 * @list: that it is in
 * @owner: module that subscribed
 * @serial: later ones have a higher one
 */
struct ebus_subscription {
	void (*deliver)(struct ebus_subscription *subscription, const void *signal);
	struct ebus_subscription *next;
	struct ebus_subscription **list;
	struct module *owner;
	uint64_t serial;
};

/**
 * ebus_subscribe() - listen to a signal; stubs call it
 * @client: of the service
 * @signal: index of the signal
 * @m: the module that listens; what it leaves behind is removed with it
 * @subscription: embedded by its owner, and zero before; deliver is set
 *
 * Works whether or not there is a provider yet, and inside a handler: one that is
 * added there is called from the next signal on.
 *
 * Context: loop thread.
 * Return: 0; -EALREADY if it is subscribed.
 * Since: 0.1
 */
EMF_API int ebus_subscribe(struct ebus_client *client, unsigned int signal, struct module *m,
			   struct ebus_subscription *subscription);

/**
 * ebus_unsubscribe() - listen no longer; fine on one that does not
 * @subscription: may be freed when this has returned
 *
 * Context: loop thread, also inside a handler.
 * Since: 0.1
 */
EMF_API void ebus_unsubscribe(struct ebus_subscription *subscription);

/**
 * ebus_emit() - send a signal to all who listen; stubs call it
 * @service: that declares it
 * @signal: its index
 * @data: what it carries, or NULL
 *
 * Handlers run before it returns. Each may subscribe, unsubscribe and emit; a signal
 * that is emitted inside of itself too deeply is not delivered, and logged; until the
 * outermost one is delivered, no other is then.
 *
 * Context: loop thread.
 * Since: 0.1
 */
EMF_API void ebus_emit(struct ebus_service *service, unsigned int signal, const void *data);

/**
 * struct ebus_async - a call that is answered later; the base of struct <service>_<method>_async
 * @run: makes the call; set by <service>_call_<method>_async()
 * @timer: EMF's own
 */
struct ebus_async {
	void (*run)(struct ebus_async *async);
	struct emf_timer timer;
};

/**
 * ebus_async_start() - have a call made in a later turn of the loop; stubs call it
 * @async: embedded by its owner; run is set
 * @m: the module that calls
 *
 * Context: loop thread.
 * Return: 0; -EALREADY if it is under way.
 * Since: 0.1
 */
EMF_API int ebus_async_start(struct ebus_async *async, struct module *m);

/**
 * ebus_async_cancel() - forget a call; fine on one that is not under way
 * @async: its done is not called, and it may be freed when this has returned
 *
 * Context: loop thread.
 * Since: 0.1
 */
EMF_API void ebus_async_cancel(struct ebus_async *async);

/**
 * struct emf_provided - a service that a module provides
 * @service: NULL ends a table
 * @ops: struct <service>_ops
 */
struct emf_provided {
	struct ebus_service *service;
	const void *ops;
};

/**
 * struct emf_used - a service that a module uses
 * @service: NULL ends a table
 * @optional: the module runs without it, too
 */
struct emf_used {
	struct ebus_service *service;
	bool optional;
};

#ifdef __cplusplus
}
#endif

#endif
