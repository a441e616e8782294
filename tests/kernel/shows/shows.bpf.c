// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What is written, counted in maps and in a global. */
#include "vmlinux.h"
#include <emf/bpf.h>

#include "shows_emf.h"

#define FEW 64

const volatile __u32 parent;
__u64 lost;
__u32 sizes[4]; /* up to 10, 20, 30, and more */
__u32 empty[2]; /* none, and some */

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct shows_key);
	__type(value, struct shows_row);
} rows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, FEW);
	__type(key, __u32);
	__type(value, __u64);
} few SEC(".maps");

static __always_inline void count_call(__u32 pid)
{
	__u64 first = 0, *calls;

	bpf_map_update_elem(&few, &pid, &first, BPF_NOEXIST);
	calls = bpf_map_lookup_elem(&few, &pid);
	__sync_fetch_and_add(calls ? calls : &lost, 1);
}

SEC("tracepoint/syscalls/sys_enter_write")
int on_write(struct trace_event_raw_sys_enter *ctx)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	__u64 n = ctx->args[2];
	struct shows_key key = { .at = { .pid = bpf_get_current_pid_tgid() >> 32, .fd = ctx->args[0] }, .parent = BPF_CORE_READ(task, real_parent, tgid) };
	struct shows_row first = { 0 }, *row;

	if (parent && key.parent != parent)
		return 0;
	bpf_get_current_comm(first.comm, sizeof(first.comm));
	if (first.comm[0] == 'e' && first.comm[1] == 'm' && first.comm[2] == 'f')
		return 0; /* the product itself, which prints */
	key.at.size = n > 10 ? SHOWS_SIZE_LARGE : n ? SHOWS_SIZE_SMALL : SHOWS_SIZE_NONE;
	bpf_map_update_elem(&rows, &key, &first, BPF_NOEXIST);
	row = bpf_map_lookup_elem(&rows, &key);
	if (row) {
		__sync_fetch_and_add(&row->bytes, n);
		__sync_fetch_and_add(&row->slots[n <= 1 ? 0 : n <= 10 ? 1 : n <= 100 ? 2 : 3], 1);
	}
	__sync_fetch_and_add(&sizes[n < 10 ? 0 : n < 20 ? 1 : n < 30 ? 2 : 3], 1);
	__sync_fetch_and_add(&empty[n > 1], 1);
	count_call(key.at.pid);
	return 0;
}
