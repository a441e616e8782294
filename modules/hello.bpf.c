// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <emf/bpf.h>

#include "hello.h"

char LICENSE[] SEC("license") = "GPL";

EMF_RING(greetings, 64 * 1024);

SEC("raw_tp/sched_process_exec")
int greet(struct bpf_raw_tracepoint_args *ctx)
{
	struct hello_greeting *greeting = emf_ring_reserve(greetings, sizeof(*greeting));

	if (!greeting)
		return 0;
	greeting->pid = bpf_get_current_pid_tgid() >> 32;
	bpf_get_current_comm(greeting->comm, sizeof(greeting->comm));
	emf_ring_submit(greetings, greeting);
	return 0;
}
