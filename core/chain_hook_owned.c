// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * chain_hook_owned.c - what chains have on hooks without links: the guardian knows of it at any moment.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "chain_hook.h"
#include "core.h"
#include "guardian.h"

int emf_chain_hook_guard(struct emf_chain_hook *hook, int program)
{
	int err = emf_owned_program_read(program, &hook->owned.programs[0]);

	if (err)
		return err;
	hook->guarded = emf_guardian_take(&hook->emf->guardian, hook->emf->product->name, &hook->owned, hook->other);
	return hook->guarded < 0 ? hook->guarded : 0;
}

void emf_chain_hook_unguard(struct emf_chain_hook *hook)
{
	emf_guardian_drop(hook->emf->guardian, hook->guarded);
	hook->guarded = -1;
}

int emf_chain_hook_replace_guarded(struct emf_chain_hook *hook, int program,
				   int (*step)(const struct emf_chain_hook *hook, int program))
{
	struct emf_owned_program *programs = hook->owned.programs;
	int err = emf_owned_program_read(program, &programs[1]);

	if (err)
		return err;
	emf_guardian_change(hook->emf->guardian, hook->guarded, &hook->owned);
	err = step(hook, program);
	if (!err)
		programs[0] = programs[1];
	programs[1] = (struct emf_owned_program){ 0 };
	emf_guardian_change(hook->emf->guardian, hook->guarded, &hook->owned);
	return err;
}

/* What cannot be removed stays with the guardian, which tries again when this process ends. */
void emf_chain_hook_remove_owned(struct emf_chain_hook *hook)
{
	int err = hook->stays || !hook->owned.kind ? 0 : emf_owned_remove(&hook->owned, hook->other);

	if (err < 0)
		emf_err(NULL, "what chain %s has on %s cannot be removed: %s", hook->chain->name, hook->target, strerror(-err));
	else
		emf_chain_hook_unguard(hook);
	if (hook->program >= 0)
		close(hook->program);
	if (hook->other >= 0)
		close(hook->other);
	hook->program = hook->other = -1;
}
