/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * bus.h - the ebus from the core's side. Knows neither modules' lives nor sockets:
 * libemf-client is made of it, too.
 */
#ifndef EMF_CORE_BUS_H
#define EMF_CORE_BUS_H

#include <emf/bus.h>

/**
 * struct ebus_remote - another process that provides a service
 * @call: send it; for a call without a waiter, also wait for the answer
 *
 * Returns as <service>_serve_*() does: -EINPROGRESS after ebus_defer().
 */
struct ebus_remote {
	int (*call)(struct ebus_remote *remote, struct ebus_call *call, const void *args, void *reply);
};

/* The loop that calls and their timeouts run on; before any call. */
void emf_bus_set_loop(struct emf_loop *loop);

/* Makes a service known; fine on one that is. */
void emf_bus_register(struct ebus_service *service);

/* The way back, before one with dynamic storage is freed; nobody provides, watches or hears it. */
void emf_bus_forget(struct ebus_service *service);

/*
 * One of an extension: known from now on, or, if there is one of that name, a copy of that. Both have the same
 * schema. The way back is for when nobody provides, watches or hears it by this file.
 */
void emf_bus_adopt(struct ebus_service *service);
void emf_bus_release(struct ebus_service *service);

/* Whether somebody provides, watches, hears or awaits anything of it, or has a copy of it. */
bool emf_bus_is_used(const struct ebus_service *service);

/* What generated tables name, or what that is a copy of. */
static inline struct ebus_service *emf_bus_same(struct ebus_service *service)
{
	return service->same ? service->same : service;
}

/* All services, by name. */
struct ebus_service *emf_bus_services(void);

/* NULL if there is none of this name. */
struct ebus_service *emf_bus_find(const char *name);

/* As ebus_provide(), for a service of another process. */
int emf_bus_provide_remote(struct ebus_service *service, struct ebus_remote *remote);
void emf_bus_withdraw_remote(struct ebus_service *service, const struct ebus_remote *remote);

/* Removes every subscription, call and service that the module left behind. */
void emf_bus_remove_owner(const struct module *m);

/* Nobody wants the answer any more; the provider is told. Fine without a call. */
void emf_bus_waiter_cancel(struct ebus_waiter *waiter);

/* Answers all calls of a service that are under way with @err. */
void emf_bus_calls_refuse(struct ebus_service *service, int err);

/* Another module of this process serves it from now on; who is bound to it, watches or listens is told nothing. */
void emf_bus_hand_over(struct ebus_service *service, const void *ops, struct module *m);

/* Parts of emf_bus_remove_owner(). */
void emf_bus_calls_remove_owner(const struct module *m);
void emf_bus_signals_remove_owner(const struct module *m);
void emf_bus_watches_remove_owner(const struct module *m);

/* Whether "service.member" matches; "bus.message" only a pattern that begins with "bus.". */
bool emf_bus_matches(const char *pattern, const char *service, const char *member);

/* Whether anybody listens who wants it to be sent. */
bool emf_bus_is_wanted(const struct ebus_service *service, unsigned int signal);

/* How many signals are being delivered, one inside of another. */
unsigned int emf_bus_emitting(void);

/* Whether the innermost of them will reach this subscription still. */
bool emf_bus_is_due(const struct ebus_subscription *subscription);

/* Who is told about it from now on; is told about what is wanted already. NULL ends it. */
void emf_bus_set_demand(struct ebus_service *service,
			void (*demand)(struct ebus_service *service, unsigned int signal, bool wanted, void *data),
			void *data);

#endif
