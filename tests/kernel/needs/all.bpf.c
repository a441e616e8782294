// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <emf/bpf.h>

char LICENSE[] SEC("license") = "GPL";

SEC("raw_tp/sched_process_exec")
int first(void *ctx)
{
	return 0;
}

SEC("raw_tp/sched_process_exec")
int second(void *ctx)
{
	return 0;
}
