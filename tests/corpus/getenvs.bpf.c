// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A function of a library, found by its name in SEC(), at its begin and at its return. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct call {
	__u32 pid;
	bool found;
	char name[32];
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64);
	__type(value, struct call);
} calls SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096 * 16);
} out SEC(".maps");

SEC("uprobe/libc.so.6:getenv")
int BPF_KPROBE(getenv_enter, const char *name)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct call call = { .pid = id >> 32 };

	bpf_probe_read_user_str(call.name, sizeof(call.name), name);
	bpf_map_update_elem(&calls, &id, &call, BPF_ANY);
	return 0;
}

SEC("uretprobe/libc.so.6:getenv")
int BPF_KRETPROBE(getenv_exit, const char *value)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct call *call = bpf_map_lookup_elem(&calls, &id);

	if (!call)
		return 0;
	call->found = value != NULL;
	bpf_ringbuf_output(&out, call, sizeof(*call), 0);
	bpf_map_delete_elem(&calls, &id);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
