// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Threads that rename themselves. What is sent is bytes where it is sent; a pointer that nobody uses says the type. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

char LICENSE[] SEC("license") = "GPL";

struct event {
	u32 pid;
	char oldcomm[TASK_COMM_LEN];
	char newcomm[TASK_COMM_LEN];
};

const struct event *unused __attribute__((unused));

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 14);
} events SEC(".maps");

static __always_inline void send(const void *data, u64 size)
{
	bpf_ringbuf_output(&events, (void *)data, size, 0);
}

SEC("tracepoint/task/task_rename")
int on_rename(struct trace_event_raw_task_rename *ctx)
{
	struct event e = { .pid = bpf_get_current_pid_tgid() >> 32 };

	bpf_probe_read_kernel_str(e.oldcomm, sizeof(e.oldcomm), ctx->oldcomm);
	bpf_probe_read_kernel_str(e.newcomm, sizeof(e.newcomm), ctx->newcomm);
	send(&e, sizeof(e));
	return 0;
}
