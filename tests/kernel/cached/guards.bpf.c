// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <emf/bpf.h>

#include "guards_emf.h"

char LICENSE[] SEC("license") = "GPL";

SEC("lsm/task_getpgid")
int ask(void *ctx)
{
	struct guards_asked *e = guards_event_asked_reserve();

	if (!e)
		return 0;
	e->pid = bpf_get_current_pid_tgid() >> 32;
	guards_event_asked_submit(e);
	return 0;
}
