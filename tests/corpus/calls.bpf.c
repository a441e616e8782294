// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A table of a map, and a map that stays unseen. */
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct write_key {
	pid_t pid;
	u32 number;
};

struct write_sums {
	u64 calls;
	u64 bytes;
	char comm[TASK_COMM_LEN];
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_PERCPU_HASH);
	__uint(max_entries, 1024);
	__type(key, struct write_key);
	__type(value, struct write_sums);
} writers SEC(".maps");
EMF_TABLE(writers, bytes);

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, u32);
	__type(value, u64);
} seen SEC(".maps");

const volatile pid_t targ_ppid = 0;

SEC("tracepoint/syscalls/sys_enter_write")
int on_write(struct trace_event_raw_sys_enter *ctx)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct write_key who = { bpf_get_current_pid_tgid() >> 32, ctx->args[0] };
	struct write_sums first = {}, *what;
	u64 now = bpf_ktime_get_ns();
	u32 pid = who.pid;

	if (targ_ppid && BPF_CORE_READ(task, real_parent, tgid) != targ_ppid)
		return 0;
	bpf_map_update_elem(&seen, &pid, &now, BPF_ANY);
	what = bpf_map_lookup_elem(&writers, &who);
	if (!what) {
		bpf_get_current_comm(&first.comm, sizeof(first.comm));
		bpf_map_update_elem(&writers, &who, &first, BPF_NOEXIST);
		what = bpf_map_lookup_elem(&writers, &who);
		if (!what)
			return 0;
	}
	what->calls++;
	what->bytes += ctx->args[2];
	return 0;
}
