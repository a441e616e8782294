/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * client_own.h - what the commands of a product ask of their connection; no part of the
 * library's interface.
 */
#ifndef EMF_CORE_CLIENT_OWN_H
#define EMF_CORE_CLIENT_OWN_H

#include <emf/client.h>

/* How long connecting, binding and calls that wait may take, each, instead of EBUS_TIMEOUT_MS. Before it connects. */
void emf_client_set_timeout(struct emf_client *client, uint32_t timeout_ms);

/* Who is told that a signal may not be heard, instead of the log. It must not call back. */
void emf_client_set_refused(struct emf_client *client,
			    void (*refused)(void *arg, const struct ebus_service *service, unsigned int signal, int err),
			    void *arg);

#endif
