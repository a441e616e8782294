// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * cmd_purge.c - "purge": takes away what this product left in the kernel, and nothing of anybody else.
 */
#include "chain_pin.h"
#include "command.h"
#include "owned_file.h"

static unsigned int n_told;

static void tell(int err, const char *sentence)
{
	n_told++;
	if (err)
		emf_err(NULL, "%s", sentence);
	else
		emf_info(NULL, "%s", sentence);
}

int emf_cmd_purge(struct emf *emf, int argc, char **argv)
{
	int status = emf_command_simple(emf, "purge", NULL, 0, argc, argv);
	int n_left;

	if (status >= 0)
		return status;
	n_left = emf_owned_files_clean(emf->product->name, tell);
	n_left += emf_pins_purge(emf->product->name, tell);
	if (!n_told)
		emf_info(NULL, "nothing is left of a '%s' that ended", emf->product->name);
	return n_left ? EMF_EXIT_FAILED : EMF_EXIT_OK;
}
