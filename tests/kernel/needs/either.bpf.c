// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <emf/bpf.h>

#include "either_emf.h"

char LICENSE[] SEC("license") = "GPL";

static __always_inline int tell(__u32 which)
{
	struct either_ran *ran = either_event_ran_reserve();

	if (!ran)
		return 0;
	ran->which = which;
	either_event_ran_submit(ran);
	return 0;
}

SEC("raw_tp/sched_process_exec")
int with_text(void *ctx)
{
	char text[4] = "abc";

	return tell(bpf_strncmp(text, sizeof(text), "abd") < 0 ? 1 : 0);
}

SEC("raw_tp/sched_process_exec")
int without_text(void *ctx)
{
	return tell(2);
}

/* No tracing program may call this helper: it would not load. */
SEC("raw_tp/sched_process_exec")
int with_packets(void *ctx)
{
	return tell(bpf_xdp_adjust_head(ctx, 0) ? 3 : 0);
}

SEC("raw_tp/sched_process_exec")
int without_packets(void *ctx)
{
	return tell(4);
}
