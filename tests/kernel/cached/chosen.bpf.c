// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <emf/bpf.h>

#include "chosen_emf.h"

char LICENSE[] SEC("license") = "GPL";

SEC("tp_btf/sched_process_fork")
int on_choice(void *ctx)
{
	struct chosen_seen *e = chosen_event_seen_reserve();

	if (!e)
		return 0;
	e->pid = bpf_get_current_pid_tgid() >> 32;
	chosen_event_seen_submit(e);
	return 0;
}
