// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Program NAME, which only returns a verdict: what a module of the chain has. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

SEC("xdp")
int NAME(struct xdp_md *ctx)
{
	return XDP_PASS;
}
