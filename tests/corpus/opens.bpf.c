// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Files that are opened; the map is handed to a function as a pointer. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#define NAME_MAX 255

char LICENSE[] SEC("license") = "GPL";

struct event {
	__u64 ts_ns;
	pid_t pid;
	uid_t uid;
	int flags;
	char comm[TASK_COMM_LEN];
	char fname[NAME_MAX];
};

const volatile pid_t targ_pid = 0;
const volatile uid_t targ_uid = (uid_t)-1;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 18);
} output SEC(".maps");

static __always_inline struct event *begin(void *map)
{
	return bpf_ringbuf_reserve(map, sizeof(struct event), 0);
}

SEC("tracepoint/syscalls/sys_enter_openat")
int on_openat(struct trace_event_raw_sys_enter *ctx)
{
	__u32 pid = bpf_get_current_pid_tgid() >> 32, uid = bpf_get_current_uid_gid();
	struct event *event;

	if ((targ_pid && targ_pid != pid) || (targ_uid != (uid_t)-1 && targ_uid != uid))
		return 0;
	event = begin(&output);
	if (!event)
		return 0;
	event->ts_ns = bpf_ktime_get_ns();
	event->pid = pid;
	event->uid = uid;
	event->flags = (int)ctx->args[2];
	bpf_get_current_comm(&event->comm, sizeof(event->comm));
	bpf_probe_read_user_str(&event->fname, sizeof(event->fname), (const char *)ctx->args[1]);
	bpf_ringbuf_submit(event, 0);
	return 0;
}
