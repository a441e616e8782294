// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * cmd_status.c - "status": asks the serving product.
 */
#include "ask.h"
#include "command.h"
#include "json.h"
#include "status.h"

int emf_cmd_status(struct emf *emf, int argc, char **argv)
{
	bool as_json = false;
	const struct emf_option options[] = {
		{ "json", 'j', NULL, false, "print JSON", emf_option_set_true, &as_json },
	};
	int status = emf_command_simple(emf, "status", options, 1, argc, argv);
	char why[EMF_ASK_WHY_MAX];
	json_t *answer = NULL;
	int err;

	if (status >= 0)
		return status;
	err = emf_ask_status(emf, &answer, why);
	if (err)
		return emf_ask_failed(err, why);
	if (as_json)
		return emf_json_print(answer);
	emf_status_print(answer, stdout);
	json_decref(answer);
	return EMF_EXIT_OK;
}
