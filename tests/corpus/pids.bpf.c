// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A number is sent, and no struct; an LRU map of what was seen already. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, __u8);
} seen SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} pids SEC(".maps");

SEC("raw_tracepoint/sched_process_exec")
int on_exec(struct bpf_raw_tracepoint_args *ctx)
{
	__u32 pid = bpf_get_current_pid_tgid() >> 32;
	__u8 one = 1;

	if (bpf_map_update_elem(&seen, &pid, &one, BPF_NOEXIST))
		return 0;
	bpf_ringbuf_output(&pids, &pid, sizeof(pid), 0);
	return 0;
}
