// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <emf/bpf.h>

char LICENSE[] SEC("license") = "GPL";

SEC("raw_tp/sched_process_exec")
int on_exec(void *ctx)
{
	return 0;
}

SEC("?xdp")
int on_packet(struct xdp_md *ctx)
{
	return XDP_PASS;
}
