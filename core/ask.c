// SPDX-License-Identifier: BSD-2-Clause
/*
 * ask.c - a command that asks the serving product over the bus.
 */
#include "ask.h"

#include <stdio.h>
#include <stdlib.h>

#include "emf_emf.h"

int emf_ask_open(const struct emf *emf, struct emf_client **client, char why[EMF_ASK_WHY_MAX])
{
	int err;

	*client = emf_client_new(emf->product->name, 0);
	if (!*client) {
		snprintf(why, EMF_ASK_WHY_MAX, "out of memory or of file descriptors");
		return -ENOMEM;
	}
	err = emf_client_connect(*client, emf->product->name);
	if (!err)
		return 0;
	snprintf(why, EMF_ASK_WHY_MAX, "%s", emf_client_why(*client));
	emf_client_free(*client);
	return err;
}

int emf_ask_failed(int err, const char *why)
{
	emf_err(NULL, "%s", why);
	return err == -EACCES ? EMF_EXIT_UNSUPPORTED : EMF_EXIT_FAILED;
}

static int ask_status(struct emf_client *client, json_t **status, char why[EMF_ASK_WHY_MAX])
{
	struct modules_status_reply *reply = malloc(sizeof(*reply));
	int err = reply ? emf_client_use(client, &modules_client.base) : -ENOMEM;

	if (err) {
		snprintf(why, EMF_ASK_WHY_MAX, "%s", reply ? emf_client_why(client) : "out of memory");
		goto out;
	}
	err = modules_call_status(&modules_client, reply);
	if (err) {
		snprintf(why, EMF_ASK_WHY_MAX, "the service does not tell its status: %s", strerror(-err));
		goto out;
	}
	*status = json_loadb(reply->json, reply->json_len, 0, NULL);
	if (!*status) {
		err = -EPROTO;
		snprintf(why, EMF_ASK_WHY_MAX, "the status that the service tells is no JSON; is it of another version?");
	}
out:
	free(reply);
	return err;
}

int emf_ask_status(const struct emf *emf, json_t **status, char why[EMF_ASK_WHY_MAX])
{
	struct emf_client *client;
	int err = emf_ask_open(emf, &client, why);

	if (err)
		return err;
	err = ask_status(client, status, why);
	emf_client_free(client);
	return err;
}
