// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <emf/bpf.h>

#include "filter_emf.h"

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_BLOOM_FILTER);
	__uint(max_entries, 64);
	__type(value, __u32);
} met SEC(".maps");

static __always_inline int tell(__u32 which)
{
	struct filter_ran *ran = filter_event_ran_reserve();

	if (!ran)
		return 0;
	ran->which = which;
	filter_event_ran_submit(ran);
	return 0;
}

SEC("raw_tp/sched_process_exec")
int with_filter(void *ctx)
{
	__u32 one = 1;

	bpf_map_push_elem(&met, &one, 0);
	return tell(1);
}

SEC("raw_tp/sched_process_exec")
int without_filter(void *ctx)
{
	return tell(2);
}
