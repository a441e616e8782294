/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * client_queue.h - what a client has chosen for signals that it subscribes to.
 */
#ifndef EMF_CORE_CLIENT_QUEUE_H
#define EMF_CORE_CLIENT_QUEUE_H

#include "bus_wire.h"

struct ebus_service;

/* Puts its choice into @wish, if there is one. */
void emf_client_queue_wish(const struct ebus_service *service, unsigned int signal, struct ebus_wish *wish);

/* Nothing is chosen any more. */
void emf_client_queue_forget(void);

#endif
