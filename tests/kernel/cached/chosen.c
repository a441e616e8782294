// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "chosen_emf.h"

int chosen_configure(struct module *m)
{
	return bpf_program__set_attach_target(chosen_skeleton(m)->progs.on_choice, 0, "sched_process_exit");
}
