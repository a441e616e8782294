// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#define EMF_NO_BTF /* it reads nothing of the kernel, and starts without its BTF */
#include <emf/bpf.h>

#include "hello_emf.h"

char LICENSE[] SEC("license") = "GPL";

SEC("raw_tp/sched_process_exec")
int greet(struct bpf_raw_tracepoint_args *ctx)
{
	struct hello_greeting *greeting = emf_is_wanted() ? hello_event_greeting_reserve() : NULL;

	if (!greeting)
		return 0;
	greeting->pid = bpf_get_current_pid_tgid() >> 32;
	bpf_get_current_comm(greeting->comm, sizeof(greeting->comm));
	hello_event_greeting_submit(greeting);
	return 0;
}
