/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * ask.h - a command that asks the serving product over the bus.
 */
#ifndef EMF_CORE_ASK_H
#define EMF_CORE_ASK_H

#include <emf/client.h>
#include <jansson.h>

#include "core.h"
#include "schema_read.h"

#define EMF_ASK_WHY_MAX 512

/**
 * emf_ask_open() - connect to the product's bus
 * @emf: the product
 * @why: receives a sentence when it fails
 * @client: receives the connection
 *
 * Return: 0; as emf_client_connect() otherwise.
 */
int emf_ask_open(const struct emf *emf, struct emf_client **client, char why[EMF_ASK_WHY_MAX]);

/* The same, where connecting, and each question that is asked then, may take so long; 0 for EBUS_TIMEOUT_MS. */
int emf_ask_open_within(const struct emf *emf, uint32_t timeout_ms, struct emf_client **client, char why[EMF_ASK_WHY_MAX]);

/* "rules do not allow this user to call it", and who says which one decides. */
void emf_ask_denied(const char *what, const char *service, const char *member, char why[EMF_ASK_WHY_MAX]);

/**
 * emf_ask_schema() - bind to a service of which only the name is known
 * @client: connected
 * @name: of the service
 * @schema: receives it, also when it cannot be bound to, which the client may have begun; NULL before, and free
 *          with emf_ask_forget() after the client
 * @why: receives a sentence when it fails
 *
 * Return: 0; -ENOENT if there is none of this name, and the sentence names the nearest;
 * another negative errno.
 */
int emf_ask_schema(struct emf_client *client, const char *name, struct emf_schema **schema, char why[EMF_ASK_WHY_MAX]);

/* The same without binding to it: what is known of it can be read, and not be called. */
int emf_ask_shape(struct emf_client *client, const char *name, struct emf_schema **schema, char why[EMF_ASK_WHY_MAX]);

/* Has the product send a signal; bus_client is bound to. @heard: how many listened. As bus.send() answers, -EMSGSIZE, -ENOMEM. */
int emf_ask_send(const struct emf_schema *schema, const struct ebus_member *signal, const void *data, uint32_t *heard);

/* Frees it; fine on NULL. */
void emf_ask_forget(struct emf_schema *schema);

struct introspection_services_reply;

/* The services of the product; to be freed. 0, or a negative errno and a sentence. */
int emf_ask_services(struct emf_client *client, struct introspection_services_reply **services, char why[EMF_ASK_WHY_MAX]);

/* Tells why, and what that means for the exit status. */
int emf_ask_failed(int err, const char *why);

/* The same for a name that was given: one that there is not is a mistake in the words. */
int emf_ask_failed_name(int err, const char *why);

/* The state of the product as JSON: a new reference. 0, or a negative errno and a sentence. */
int emf_ask_status_of(struct emf_client *client, json_t **status, char why[EMF_ASK_WHY_MAX]);
int emf_ask_status(const struct emf *emf, json_t **status, char why[EMF_ASK_WHY_MAX]);

#endif
