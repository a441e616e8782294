// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * cmd_doctor.c - "doctor": what this kernel and this user can do, and what that
 * means for each module.
 */
#include "bundle.h"
#include "command.h"
#include "doctor.h"
#include "extension.h"
#include "json.h"
#include "log.h"
#include "session.h"

/* Modules are judged with the parameters that they would run with. */
static void configure(struct emf *emf)
{
	struct emf_session_options options = { 0 };
	struct emf_config config = { 0 };

	if (emf_session_configure(emf, &options, &config))
		emf_warn(NULL, "the configuration has mistakes; the modules are judged with their defaults");
	emf_config_fini(&config);
}

int emf_cmd_doctor(struct emf *emf, int argc, char **argv)
{
	bool as_json = false;
	const char *bundle = NULL;
	const struct emf_option options[] = {
		{ "json", 'j', NULL, false, "print JSON", emf_option_set_true, &as_json },
		{ "bundle", 0, "FILE", false, "write all that a bug report needs into this new file",
		  emf_option_set_string, &bundle },
	};
	int status = emf_command_simple(emf, "doctor", options, 2, argc, argv);
	json_t *doctor;

	if (status >= 0)
		return status;
	emf_extension_add_all(emf);
	configure(emf);
	doctor = emf_doctor_json(emf, &status);
	if (!doctor) {
		emf_err(NULL, "out of memory");
		return EMF_EXIT_FAILED;
	}
	if (bundle) {
		/* What was asked for is the file: its status is whether there is one. */
		status = emf_bundle_write(emf, doctor, bundle) ? EMF_EXIT_FAILED : EMF_EXIT_OK;
		if (status == EMF_EXIT_OK)
			emf_info(NULL, "wrote %s; read it before you share it", bundle);
	}
	if (as_json) {
		int printed = emf_json_print(json_incref(doctor));

		status = printed ? printed : status;
	} else if (!bundle) {
		emf_doctor_print(doctor, stdout);
	}
	json_decref(doctor);
	return status;
}
