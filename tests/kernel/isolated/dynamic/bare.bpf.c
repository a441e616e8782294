// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <emf/bpf.h>

#include "bare_emf.h"

char LICENSE[] SEC("license") = "GPL";

SEC("raw_tp/sched_process_exec")
int on_exec(struct bpf_raw_tracepoint_args *ctx)
{
	struct bare_began *began = bare_event_began_reserve();

	if (!began)
		return 0;
	began->pid = bpf_get_current_pid_tgid() >> 32;
	bpf_get_current_comm(began->comm, sizeof(began->comm));
	bare_event_began_submit(began);
	return 0;
}
