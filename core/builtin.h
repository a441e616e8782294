/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * builtin.h - the services that every product has, bus-idl/emf.emf.
 */
#ifndef EMF_CORE_BUILTIN_H
#define EMF_CORE_BUILTIN_H

#include "core.h"

struct emf_server;
struct ebus_peer;
struct ebus_service;

/* Serves them: each of its functions may be called by peers from now on. */
void emf_builtin_provide(struct emf *emf, const struct emf_server *server);
void emf_builtin_withdraw(void);

/* Whether a service of this name is one of them. */
bool emf_builtin_is(const char *service);

/* Each its own. */
void emf_builtin_provide_bus(const struct emf_server *server);
void emf_builtin_withdraw_bus(void);
void emf_builtin_provide_monitor(const struct emf_server *server);
void emf_builtin_withdraw_monitor(void);
void emf_builtin_provide_modules(struct emf *emf);
void emf_builtin_provide_chains(struct emf *emf);
void emf_builtin_provide_introspection(void);
void emf_builtin_provide_parameters(struct emf *emf);
void emf_builtin_provide_statistics(struct emf *emf, const struct emf_server *server);
void emf_builtin_withdraw_statistics(void);
void emf_builtin_provide_costs(struct emf *emf, const struct emf_server *server);
void emf_builtin_provide_metrics(struct emf *emf, const struct emf_server *server);
void emf_builtin_withdraw_metrics(void);
void emf_builtin_provide_log(struct emf *emf);
void emf_builtin_withdraw_log(void);

/* Whether the kernel times programs, for what costs() and programs() say. */
bool emf_builtin_is_timed(void);

/* Bytes of memory of a map, as the kernel tells the process that holds it; 0 where it does not. */
uint64_t emf_builtin_map_memory(int fd);

struct ebus_sent_signal;
struct emf_server_peer;

/* Each signal that somebody listens to by a socket. */
void emf_builtin_each_subscription(const struct emf_server *server, void *data,
				   void (*each)(const struct emf_server_peer *p, const struct ebus_sent_signal *s, void *data));

/* The process whose bus.send() of this signal is being served; NULL at any other time, and of signals that it causes. */
const struct ebus_peer *emf_builtin_sender(const struct ebus_service *service, unsigned int signal);

#endif
