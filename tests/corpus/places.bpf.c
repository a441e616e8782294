// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Which system calls a process makes, and where it runs: what numbers mean is said by each member. */
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct place {
	__u64 cgroup_id;
	__u64 container EMF_AS(container);
	long call EMF_AS(syscall);
	pid_t pid;
	uid_t uid;
	dev_t disk;
	int capability EMF_AS(cap);
	int state EMF_AS(tcp_state);
	__u32 from[4] EMF_AS(ip);
	__u16 proto EMF_AS(ipproto);
	__u16 pad;
};

const volatile pid_t pid = 0;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} places SEC(".maps");

SEC("raw_tp/sys_enter")
int on_call(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct place *place;

	if (bpf_get_current_pid_tgid() >> 32 != pid)
		return 0;
	place = bpf_ringbuf_reserve(&places, sizeof(*place), 0);
	if (!place)
		return 0;
	place->cgroup_id = bpf_get_current_cgroup_id();
	place->container = place->cgroup_id;
	place->call = ctx->args[1];
	place->pid = pid;
	place->uid = (uid_t)bpf_get_current_uid_gid();
	place->disk = BPF_CORE_READ(task, mm, exe_file, f_inode, i_sb, s_dev);
	place->capability = 12; /* CAP_NET_ADMIN */
	place->state = 10; /* TCP_LISTEN */
	place->from[0] = 0;
	place->from[1] = 0;
	place->from[2] = bpf_htonl(0xffff);
	place->from[3] = bpf_htonl(0x0a000001);
	place->proto = 6; /* IPPROTO_TCP */
	place->pad = 0;
	bpf_ringbuf_submit(place, 0);
	return 0;
}
