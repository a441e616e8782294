/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cmd_chain.h - parts of the command "chain".
 */
#ifndef EMF_CORE_CMD_CHAIN_H
#define EMF_CORE_CMD_CHAIN_H

#include <stdbool.h>

struct emf_client;

/* What a call of service chains came to, told. Return: the exit status. */
int emf_cmd_chain_tell(int err);

/* "chain trace": follows packets until it is interrupted, and ends the trace then. */
int emf_chain_follow(struct emf_client *client, const char *chain, const char *sample, bool as_json);

#endif
