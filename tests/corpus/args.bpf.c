// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The first argument of a program, as long as it is: a record cut behind it, from per-CPU memory. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#define ARGS_BYTES 1024
#define EVENT_SIZE(e) (__builtin_offsetof(struct event, args) + (e)->args_size)

char LICENSE[] SEC("license") = "GPL";

struct event {
	pid_t pid;
	u32 args_size;
	char args[ARGS_BYTES];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct event);
} heap SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, sizeof(u32));
	__uint(value_size, sizeof(u32));
} events SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_execve")
int enter_execve(struct trace_event_raw_sys_enter *ctx)
{
	const char *const *argv = (const char *const *)ctx->args[1];
	const char *first = NULL;
	struct event *event;
	u32 zero = 0;
	long size;

	event = bpf_map_lookup_elem(&heap, &zero);
	if (!event)
		return 0;
	event->pid = bpf_get_current_pid_tgid() >> 32;
	bpf_probe_read_user(&first, sizeof(first), &argv[1]);
	size = bpf_probe_read_user_str(event->args, sizeof(event->args), first);
	if (size < 0 || size > ARGS_BYTES)
		return 0;
	event->args_size = size;
	size = EVENT_SIZE(event);
	if (size <= sizeof(*event))
		bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU, event, size);
	return 0;
}
