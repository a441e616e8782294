// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Arguments of a system call between its begin and its end, in a hash; the record is too large for the stack and comes from a map. */
#include <vmlinux.h>
#include <bpf/bpf_helpers.h>

#define MAX_ENTRIES 1024
#define PATH_LEN 256

struct args_t {
	const char *path;
	int flags;
};

struct unlink_event {
	__u64 delta_ns;
	__u32 tgid;
	__u32 uid;
	int err;
	__u8 is_dir;
	__u8 pad[3];
	char comm[TASK_COMM_LEN];
	char path[PATH_LEN];
};

struct start {
	struct args_t args;
	__u64 ts;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_ENTRIES);
	__type(key, __u32);
	__type(value, struct start);
} starts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct unlink_event);
} heap SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} rb SEC(".maps");

const volatile bool targ_failed = false;

SEC("tracepoint/syscalls/sys_enter_unlinkat")
int tracepoint__sys_enter_unlinkat(struct trace_event_raw_sys_enter *ctx)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	struct start start = { .ts = bpf_ktime_get_ns() };

	start.args.path = (const char *)ctx->args[1];
	start.args.flags = (int)ctx->args[2];
	bpf_map_update_elem(&starts, &tid, &start, BPF_ANY);
	return 0;
}

SEC("tracepoint/syscalls/sys_exit_unlinkat")
int tracepoint__sys_exit_unlinkat(struct trace_event_raw_sys_exit *ctx)
{
	__u64 id = bpf_get_current_pid_tgid();
	__u32 tid = (__u32)id, zero = 0;
	struct start *start = bpf_map_lookup_elem(&starts, &tid);
	struct unlink_event *e = bpf_map_lookup_elem(&heap, &zero);

	if (!start || !e)
		return 0;
	if (targ_failed && ctx->ret >= 0)
		goto cleanup;
	e->delta_ns = bpf_ktime_get_ns() - start->ts;
	e->tgid = id >> 32;
	e->uid = (__u32)bpf_get_current_uid_gid();
	e->err = (int)ctx->ret;
	e->is_dir = !!(start->args.flags & 0x200);
	bpf_get_current_comm(e->comm, sizeof(e->comm));
	bpf_probe_read_user_str(e->path, sizeof(e->path), start->args.path);
	bpf_ringbuf_output(&rb, e, sizeof(*e), 0);
cleanup:
	bpf_map_delete_elem(&starts, &tid);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
