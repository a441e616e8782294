// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Programs that run for the first time since this one does; a bloom filter remembers the others. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct name {
	char comm[TASK_COMM_LEN];
};

struct {
	__uint(type, BPF_MAP_TYPE_BLOOM_FILTER);
	__uint(max_entries, 10000);
	__uint(map_extra, 5); /* hashes */
	__type(value, struct name);
} known SEC(".maps");

struct first {
	pid_t pid;
	uid_t uid;
	struct name name;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, sizeof(int));
	__uint(value_size, sizeof(int));
} firsts SEC(".maps");

u64 again;

SEC("tp/sched/sched_process_exec")
int on_exec(void *ctx)
{
	struct first first = {};

	bpf_get_current_comm(&first.name.comm, sizeof(first.name.comm));
	if (!bpf_map_peek_elem(&known, &first.name)) {
		__sync_fetch_and_add(&again, 1);
		return 0;
	}
	bpf_map_push_elem(&known, &first.name, 0);
	first.pid = bpf_get_current_pid_tgid() >> 32;
	first.uid = bpf_get_current_uid_gid();
	bpf_perf_event_output(ctx, &firsts, BPF_F_CURRENT_CPU, &first, sizeof(first));
	return 0;
}
