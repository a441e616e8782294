/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ask.h - a command that asks the serving product over the bus.
 */
#ifndef EMF_CORE_ASK_H
#define EMF_CORE_ASK_H

#include <emf/client.h>
#include <jansson.h>

#include "core.h"

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

/* Tells why, and what that means for the exit status. */
int emf_ask_failed(int err, const char *why);

/* The state of the product as JSON: a new reference. 0, or a negative errno and a sentence. */
int emf_ask_status(const struct emf *emf, json_t **status, char why[EMF_ASK_WHY_MAX]);

#endif
