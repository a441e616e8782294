// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * cmd_wait.c - "wait": until a service is provided.
 */
#include <jansson.h>
#include <poll.h>
#include <string.h>

#include "ask.h"
#include "command.h"

#define NS_PER_MS UINT64_C(1000000)
#define TRY_AGAIN_MS 100
#define LOOK_AGAIN_MS 1000 /* whether the module has failed */

/* How long until then, in steps; 0 when it is past. */
static int left_ms(uint64_t until_ns, int step)
{
	uint64_t now = emf_now_ns();

	if (until_ns <= now)
		return 0;
	return (until_ns - now) / NS_PER_MS < (uint64_t)step ? (int)((until_ns - now) / NS_PER_MS) + 1 : step;
}

/* Whether the module that would provide it has failed: nothing comes of waiting then. */
static bool has_failed(struct emf_client *client, const char *name, char why[EMF_ASK_WHY_MAX])
{
	json_t *status = NULL, *module, *provided;
	char ignored[EMF_ASK_WHY_MAX];
	bool failed = false;
	size_t i, j;

	if (emf_ask_status_of(client, &status, ignored))
		return false;
	json_array_foreach(json_object_get(status, "modules"), i, module) {
		const char *state = json_string_value(json_object_get(module, "state")), *reason = json_string_value(json_object_get(module, "why"));

		json_array_foreach(json_object_get(module, "provides"), j, provided)
			if (state && !strcmp(state, "failed") && !strcmp(json_string_value(json_object_get(provided, "service")), name) && !failed) {
				failed = true;
				snprintf(why, EMF_ASK_WHY_MAX, "service %s: module %s, which provides it, has failed: %s", name,
					 json_string_value(json_object_get(module, "name")), reason ? reason : "'status' says more");
			}
	}
	json_decref(status);
	return failed;
}

static int wait_connected(struct emf_client *client, const char *name, uint64_t until_ns, char why[EMF_ASK_WHY_MAX])
{
	struct emf_schema *schema = NULL;
	int err = emf_ask_schema(client, name, &schema, why), ms = 1;

	while (!err && !ebus_is_provided(&schema->client) && ms) {
		if (has_failed(client, name, why)) {
			err = -ECANCELED;
			break;
		}
		ms = left_ms(until_ns, LOOK_AGAIN_MS);
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
