// SPDX-License-Identifier: BSD-2-Clause
/*
 * cmd_wait.c - "wait": until a service is provided.
 */
#include <poll.h>

#include "ask.h"
#include "command.h"

#define NS_PER_MS UINT64_C(1000000)
#define TRY_AGAIN_MS 100

/* How long until then, in steps; 0 when it is past. */
static int left_ms(uint64_t until_ns, int step)
{
	uint64_t now = emf_now_ns();

	if (until_ns <= now)
		return 0;
	return (until_ns - now) / NS_PER_MS < (uint64_t)step ? (int)((until_ns - now) / NS_PER_MS) + 1 : step;
}

static int wait_connected(struct emf_client *client, const char *name, uint64_t until_ns, char why[EMF_ASK_WHY_MAX])
{
	struct emf_schema *schema = NULL;
	int err = emf_ask_schema(client, name, &schema, why), ms = 1;

	while (!err && !ebus_is_provided(&schema->client) && ms) {
		ms = left_ms(until_ns, 60000);
		err = emf_client_dispatch(client, ms);
		err = err == -EINTR ? 0 : err;
	}
	if (!ms) {
		snprintf(why, EMF_ASK_WHY_MAX, "service %s: nobody provides it yet", name);
		err = -ETIMEDOUT;
	}
	emf_client_free(client);
	emf_ask_forget(schema);
	return err;
}

/* A product that is not there yet, or goes, is waited for as well. */
static int wait_for(const struct emf *emf, const char *name, uint64_t until_ns, char why[EMF_ASK_WHY_MAX])
{
	struct emf_client *client;
	int err, ms;

	for (;;) {
		ms = left_ms(until_ns, EBUS_TIMEOUT_MS);
		err = emf_ask_open_within(emf, ms ? (uint32_t)ms : 1, &client, why);
		if (!err)
			err = wait_connected(client, name, until_ns, why);
		else if (err == -ENOENT)
			err = -ECONNREFUSED;
		if (err != -ECONNREFUSED && err != -ENOTCONN && err != -ECONNRESET)
			return err;
		ms = left_ms(until_ns, TRY_AGAIN_MS);
		if (!ms)
			return -ETIMEDOUT;
		poll(NULL, 0, ms);
	}
}

int emf_cmd_wait(struct emf *emf, int argc, char **argv)
{
	uint64_t timeout_ns = 0;
	const struct emf_option options[] = {
		{ "timeout", 0, "SECONDS", false, "how long; without it for ever", emf_option_set_time, &timeout_ns },
	};
	int rest, status = emf_command_parse(emf, "wait", options, 1, argc, argv, &rest);
	char why[EMF_ASK_WHY_MAX] = "";
	int err;

	if (status >= 0)
		return status;
	if (argc - rest != 1) {
		emf_err(NULL, "wait needs the name of one service");
		return EMF_EXIT_USAGE;
	}
	err = wait_for(emf, argv[rest], timeout_ns ? emf_now_ns() + timeout_ns : UINT64_MAX, why);
	if (!err)
		return EMF_EXIT_OK;
	status = emf_ask_failed(err, why);
	return err == -ENOENT ? EMF_EXIT_USAGE : status;
}
