/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * emf/bus.h - the ebus: calls and signals between modules, and with other processes.
 *
 * Authors use the stubs of generated headers, <service>_call_<method>() and so on,
 * which are typed; this is what the stubs are made of. All of it runs on the loop
 * thread. Inside of a product a call costs an indirect call and a counter: nothing is
 * allocated, copied or looked up by name. A service that another process provides is
 * called by the same stubs; then its functions are such that send and receive.
 */
#ifndef EMF_BUS_H
#define EMF_BUS_H

#include <errno.h>
#include <string.h>

#include <emf/loop.h>
#include <emf/type.h>

#ifdef __cplusplus
extern "C" {
#endif

#define EBUS_DEPTH_MAX 32      /* calls inside calls; more is a cycle */
#define EBUS_ERROR_MAX 256     /* bytes of a typed error */
#define EBUS_TIMEOUT_MS 5000   /* of a call that says nothing else */

struct ebus_call;
struct ebus_deferred;
struct ebus_heard;
struct ebus_remote;
struct ebus_service;
struct ebus_subscription;
struct ebus_waiter;
struct ebus_watcher;

/**
 * enum ebus_overflow - what happens when a subscriber in another process is slow
 * @EBUS_DROP_NEW: what does not fit into its queue is dropped: where nobody says anything else
 * @EBUS_DROP_OLD: what waits longest is, to make room
 * @EBUS_BLOCK: the sender waits for room, at most 100 ms; then the new one is dropped
 *
 * 0 is none of them: the choice is left to the other side.
 */
enum ebus_overflow {
	EBUS_DROP_NEW = 1,
	EBUS_DROP_OLD,
	EBUS_BLOCK,
};

/**
 * struct ebus_message - what travels in one direction
 * @record: its members; NULL without any
 * @leaves: a running hash over its members, one for each: equal up to the shorter of
 *	two versions means that one has appended to the other
 * @n_leaves: how many
 */
struct ebus_message {
	const struct emf_record *record;
	const uint64_t *leaves;
	size_t n_leaves;
};

/**
 * struct ebus_member - a method, a signal or a typed error
 * @name: as it is declared
 * @in: arguments of a method; what a signal or an error carries
 * @out: what a method answers
 * @invoke: calls the method of whoever provides it now; NULL if it is no method
 * @access: who may: "admin", "read" or a tag; NULL for an error
 */
struct ebus_member {
	const char *name;
	struct ebus_message in;
	struct ebus_message out;
	int (*invoke)(struct ebus_call *call, const void *args, void *reply);
	const char *access;
};

/**
 * struct ebus_service - a service that this process provides or uses
 * @name: as it is declared
 * @version: "1.0"
 * @hash: of its whole schema
 * @idl: its declaration, as text
 * @methods: in the order of declaration
 * @n_methods: how many
 * @signals: likewise
 * @n_signals: how many
 * @errors: likewise
 * @n_errors: how many
 * @remote_ops: functions that send the call to another process
 * @subscriptions: one list for each signal; EMF's own, as all that follows
 * @policies: enum ebus_overflow of each signal, as its event declares it, or 0; NULL without signals
 * @ops: functions of the provider; NULL when there is none
 * @provider: the module that serves, if one of this process does
 * @remote: the process that serves, if another one does
 * @deferred: calls that the provider answers later
 * @watches: who is told when the provider comes and goes
 * @demand: told when the first subscriber of a signal came and the last one went
 * @demand_data: its own
 * @next: of all services
 * @listed: it is among those
 * @client: the one of this file, <service>_client; of generated code
 * @same: of an extension, the one of this name that was there before; all but its stubs use that
 * @adopted: how many extensions have a copy of this one
 */
struct ebus_service {
	const char *name;
	const char *version;
	uint64_t hash;
	const char *idl;
	const struct ebus_member *methods;
	size_t n_methods;
	const struct ebus_member *signals;
	size_t n_signals;
	const struct ebus_member *errors;
	size_t n_errors;
	const void *remote_ops;
	struct ebus_subscription **subscriptions;
	uint8_t *policies;
	const void *ops;
	struct module *provider;
	struct ebus_remote *remote;
	struct ebus_deferred *deferred;
	struct ebus_watcher *watches;
	void (*demand)(struct ebus_service *service, unsigned int signal, bool wanted, void *data);
	void *demand_data;
	struct ebus_service *next;
	bool listed;
	struct ebus_client *client;
	struct ebus_service *same;
	unsigned int adopted;
};

/**
 * struct ebus_call - a call that is being served
 * @client: who calls
 * @method: its index, of one that is answered later or by another process; EMF's own
 * @waiter: gets the answer if it comes later; NULL for a caller that waits in this thread
 */
struct ebus_call {
	struct ebus_client *client;
	unsigned int method;
	struct ebus_waiter *waiter;
};

/**
 * struct ebus_client - where calls of a service go; the base of struct <service>_client
 * @service: that is called
 * @error: name of the typed error that the last call was answered with, or NULL
 * @waiting: every call that waits in this thread: it is made once, so that a call has
 *	nothing to fill in. It points to its client, which therefore is not to be copied.
 * @error_data: what the error carries; both are good until the next call of this client
 */
struct ebus_client {
	struct ebus_service *service;
	const char *error;
	struct ebus_call waiting;
	union {
		uint64_t align;
		char bytes[EBUS_ERROR_MAX];
	} error_data;
};

/**
 * struct ebus_waiter - who waits for an answer; EMF's own
 * @answered: called once, with 0 and the results, or with a negative errno
 * @client: gets a typed error
 * @deferred: what the provider keeps of the call, while it is under way
 */
struct ebus_waiter {
	void (*answered)(struct ebus_waiter *waiter, int err, const void *reply);
	struct ebus_client *client;
	struct ebus_deferred *deferred;
};

/**
 * struct ebus_deferred - a call that its provider answers later
 * @cancelled: called when nobody wants the answer any more; optional. It may free this.
 * @waiter: EMF's own, as all that follows; NULL when there is nothing to answer
 * @next: of the calls of one service
 * @at: what points to it
 */
struct ebus_deferred {
	void (*cancelled)(struct ebus_deferred *deferred);
	struct ebus_waiter *waiter;
	struct ebus_deferred *next;
	struct ebus_deferred **at;
};

/* Calls inside of calls at this moment. */
EMF_API extern unsigned int ebus_depth;

/*
 * What a stub does first: @depth is ebus_depth. It is given back at the end, since to count
 * down would wait for the counting up. Return: 0; -ENOTCONN without a provider; -ELOOP in a cycle.
 */
static inline int ebus_call_begin(struct ebus_client *client, unsigned int depth)
{
	if (__builtin_expect(!client->service->ops || depth >= EBUS_DEPTH_MAX, 0)) {
		client->error = NULL;
		return client->service->ops ? -ELOOP : -ENOTCONN;
	}
	ebus_depth = depth + 1;
	return 0;
}

/* What a stub does last: a typed error of a call inside is not this one's. Return: @err. */
static inline int ebus_call_end(struct ebus_client *client, unsigned int depth, int err)
{
	ebus_depth = depth;
	/* A call is bound by its stores: this one is made when there is something to forget. */
	if (__builtin_expect(client->error && err != -EREMOTEIO, 0))
		client->error = NULL;
	return err;
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
 * ebus_defer() - answer a call later; providers do: return ebus_defer(call, &mine);
 * @call: given to <service>_serve_<method>()
 * @deferred: embedded by the provider, who keeps it until it has answered, or until
 *	it was cancelled
 *
 * A caller that waits in this thread cannot be kept waiting: it would wait for itself.
 *
 * Context: loop thread, while serving.
 * Return: -EINPROGRESS; -EWOULDBLOCK for such a caller, and then there is nothing to answer.
 * Since: 0.1
 */
EMF_API int ebus_defer(struct ebus_call *call, struct ebus_deferred *deferred);

/**
 * ebus_answer() - answer a deferred call; stubs call it
 * @deferred: of the call; fine on one that was cancelled
 * @err: 0 or a negative errno
 * @reply: the results; copied before it returns; NULL without any, or with an error
 *
 * Context: loop thread, not while serving that call.
 * Since: 0.1
 */
EMF_API void ebus_answer(struct ebus_deferred *deferred, int err, const void *reply);

/**
 * ebus_fail_later() - answer a deferred call with a typed error; stubs call it
 * @deferred: of the call; fine on one that was cancelled
 * @error: its name
 * @data: what it carries
 * @size_bytes: of it, at most EBUS_ERROR_MAX
 *
 * Context: loop thread, not while serving that call.
 * Since: 0.1
 */
EMF_API void ebus_fail_later(struct ebus_deferred *deferred, const char *error, const void *data, size_t size_bytes);

/**
 * ebus_call_remote() - have a call made by another process; the functions in remote_ops do
 * @call: that is made
 * @args: its arguments, or NULL
 * @reply: receives the results, or NULL
 *
 * Context: loop thread.
 * Return: 0; -EINPROGRESS when the answer comes to call->waiter; -EWOULDBLOCK for a
 * caller that would wait on the loop; -EOPNOTSUPP if the other side is of an older minor
 * version without this method; -EPROTO if its arguments or results do not match;
 * -EACCES if this process may not; -EBUSY, -ENOBUFS if too many are under way;
 * -ENOTCONN, -ETIMEDOUT; or what the provider answers.
 * Since: 0.1
 */
EMF_API int ebus_call_remote(struct ebus_call *call, const void *args, void *reply);

/**
 * struct ebus_watcher - somebody who wants to know whether a service is provided
 * @changed: called when its provider has come, and before it is gone
 * @service: EMF's own, as all that follows
 * @next: of one service
 * @owner: module that watches
 */
struct ebus_watcher {
	void (*changed)(struct ebus_watcher *watcher, bool provided);
	struct ebus_service *service;
	struct ebus_watcher *next;
	struct module *owner;
};

/**
 * ebus_watch() - be told when the provider of a service comes and goes
 * @client: of the service
 * @m: the module that watches; NULL in a client
 * @watcher: embedded by its owner, and zero before; changed is set
 *
 * Is not told what is so already: ebus_is_provided() says that. Inside changed,
 * calls reach a provider that has come, and no longer one that goes.
 *
 * Context: loop thread.
 * Return: 0; -EALREADY if it watches.
 * Since: 0.1
 */
EMF_API int ebus_watch(struct ebus_client *client, struct module *m, struct ebus_watcher *watcher);

/**
 * ebus_unwatch() - be told no longer; fine on one that is not
 * @watcher: may be freed when this has returned
 *
 * Context: loop thread, also inside changed.
 * Since: 0.1
 */
EMF_API void ebus_unwatch(struct ebus_watcher *watcher);

/**
 * ebus_is_provided() - whether somebody serves it now
 * @client: of the service
 *
 * Context: loop thread.
 * Return: whether a call would reach somebody.
 * Since: 0.1
 */
static inline bool ebus_is_provided(const struct ebus_client *client)
{
	return client->service->ops != NULL;
}

/**
 * struct ebus_subscription - a listener; the base of struct <service>_<signal>_subscription
 * @deliver: called with each signal; set by <service>_on_<signal>()
 * @next: EMF's own, as the rest
 * @service: of the signal
 * @signal: its index
 * @owner: module that subscribed
 * @serial: later ones have a higher one
 * @is_passive: hears what is sent anyway: nothing is attached or asked for because of it
 */
struct ebus_subscription {
	void (*deliver)(struct ebus_subscription *subscription, const void *signal);
	struct ebus_subscription *next;
	struct ebus_service *service;
	unsigned int signal;
	struct module *owner;
	uint64_t serial;
	bool is_passive;
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
 * struct ebus_listener - somebody who hears signals by pattern
 * @heard: called with each signal that matches
 * @subscriptions: EMF's own, as all that follows
 * @n: how many
 * @next: of all listeners
 * @owner: module that listens
 * @is_passive: as in struct ebus_subscription; set before
 */
struct ebus_listener {
	void (*heard)(struct ebus_listener *listener, const struct ebus_service *service, unsigned int signal,
		      const void *data);
	struct ebus_heard *subscriptions;
	size_t n;
	struct ebus_listener *next;
	struct module *owner;
	bool is_passive;
};

/**
 * ebus_listen() - hear all signals whose name matches
 * @pattern: fnmatch(3) on "service.signal": "flow.*", "*.lost"; bus.message, which tells
 *	of all others, matches one that begins with "bus."
 * @m: the module that listens; NULL in a client
 * @listener: embedded by its owner, and zero before; heard is set
 *
 * Context: loop thread.
 * Return: 0; -EALREADY if it listens; -ENOENT if no service here has such a signal; -ENOMEM.
 * Since: 0.1
 */
EMF_API int ebus_listen(const char *pattern, struct module *m, struct ebus_listener *listener);

/**
 * ebus_unlisten() - hear no more; fine on one that does not listen
 * @listener: may be freed when this has returned
 *
 * Context: loop thread, also inside heard.
 * Since: 0.1
 */
EMF_API void ebus_unlisten(struct ebus_listener *listener);

/**
 * struct ebus_async - a call that is answered later; the base of struct <service>_<method>_async
 * @timeout_ms: how long to wait; 0 for EBUS_TIMEOUT_MS
 * @finished: gets the answer; set by <service>_call_<method>_async(), as all that follows
 * @call: that is made
 * @args: its arguments
 * @reply: where the results go
 * @waiter: EMF's own, as all that follows
 * @timer: until the call is made, and then until it has waited long enough
 * @next: of all that are under way
 * @at: what points to it
 * @owner: module that calls
 */
struct ebus_async {
	uint32_t timeout_ms;
	void (*finished)(struct ebus_async *async, int err);
	struct ebus_call call;
	const void *args;
	void *reply;
	struct ebus_waiter waiter;
	struct emf_timer timer;
	struct ebus_async *next;
	struct ebus_async **at;
	struct module *owner;
};

/**
 * ebus_async_start() - have a call made in a later turn of the loop; stubs call it
 * @async: embedded by its owner, and zero before its first use
 * @client: of the service
 * @method: its index
 * @m: the module that calls; NULL in a client
 *
 * It is answered once: by the provider, with -ENOTCONN if there is none or it goes
 * away, or with -ETIMEDOUT.
 *
 * Context: loop thread.
 * Return: 0; -EALREADY if it is under way.
 * Since: 0.1
 */
EMF_API int ebus_async_start(struct ebus_async *async, struct ebus_client *client, unsigned int method,
			     struct module *m);

/**
 * ebus_async_cancel() - forget a call; fine on one that is not under way
 * @async: its done is not called, and it may be freed when this has returned
 *
 * The provider is told, if it has not answered.
 *
 * Context: loop thread.
 * Since: 0.1
 */
EMF_API void ebus_async_cancel(struct ebus_async *async);

/**
 * ebus_provide() - serve a service from now on
 * @service: that is described
 * @ops: struct <service>_ops; <SERVICE>_SERVED is one of all functions
 * @m: the module that serves; NULL in a client
 *
 * What a module's description says it provides is provided and withdrawn by EMF. This
 * is for services that come and go while it runs.
 *
 * Context: loop thread.
 * Return: 0; -EEXIST if somebody serves it already.
 * Since: 0.1
 */
EMF_API int ebus_provide(struct ebus_service *service, const void *ops, struct module *m);

/**
 * ebus_withdraw() - serve it no more
 * @service: that @m serves; fine if it does not
 * @m: as it was given
 *
 * Calls that were deferred are answered with -ENOTCONN.
 *
 * Context: loop thread, also while serving.
 * Since: 0.1
 */
EMF_API void ebus_withdraw(struct ebus_service *service, const struct module *m);

/**
 * ebus_service_register() - make a service known to the product; generated code does it
 * @variable: a struct ebus_service with static storage
 *
 * Since: 0.1
 */
#define ebus_service_register(variable)                                            \
	static struct ebus_service *const ebus_registered_##variable               \
		__attribute__((used, EMF_RETAIN section("emf_services"))) = &(variable)

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
