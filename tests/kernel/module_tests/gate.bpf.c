// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <emf/bpf.h>
#include <linux/bpf.h>

#include "gate_emf.h"

const volatile __u32 longest;

char LICENSE[] SEC("license") = "GPL";

SEC("xdp")
int pass_short(struct xdp_md *ctx)
{
	__u32 length = ctx->data_end - ctx->data;
	struct gate_refused *event;

	if (length <= longest)
		return XDP_PASS;
	event = gate_event_refused_reserve();
	if (event) {
		event->length = length;
		gate_event_refused_submit(event);
	}
	return XDP_DROP;
}
