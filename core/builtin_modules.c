// SPDX-License-Identifier: BSD-2-Clause
/*
 * builtin_modules.c - service modules: what runs.
 */
#include <jansson.h>

#include "builtin.h"
#include "emf_emf.h"
#include "status.h"

static struct emf *product;

int modules_serve_status(struct ebus_call *call, struct modules_status_reply *reply)
{
	json_t *status = emf_status_json(product);
	size_t n;

	(void)call;
	if (!status)
		return -ENOMEM;
	n = json_dumpb(status, reply->json, sizeof(reply->json), JSON_COMPACT);
	json_decref(status);
	if (!n || n > sizeof(reply->json))
		return n ? -EMSGSIZE : -ENOMEM;
	reply->json_len = (__u32)n;
	return 0;
}

void emf_builtin_provide_modules(struct emf *emf)
{
	static const struct modules_ops ops = MODULES_SERVED;

	product = emf;
	ebus_provide(&modules_service, &ops, NULL);
}
