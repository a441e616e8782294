// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Programs that end, from tp_btf; a perf buffer. Start times in a hash map. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

struct event {
	u64 age_ns;
	pid_t pid;
	u32 exit_code;
	char comm[TASK_COMM_LEN];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, sizeof(u32));
	__uint(value_size, sizeof(u32));
} events SEC(".maps");

const volatile u64 min_age_ns = 0;

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct *task)
{
	struct event event = {};
	u64 id = bpf_get_current_pid_tgid();

	if (id >> 32 != (u32)id)
		return 0;
	event.age_ns = bpf_ktime_get_ns() - BPF_CORE_READ(task, start_time);
	if (event.age_ns < min_age_ns)
		return 0;
	event.pid = id >> 32;
	event.exit_code = BPF_CORE_READ(task, exit_code) >> 8;
	bpf_get_current_comm(event.comm, sizeof(event.comm));
	bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU, &event, sizeof(event));
	return 0;
}
