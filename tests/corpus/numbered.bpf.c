// SPDX-License-Identifier: GPL-2.0-only
/* An enum as of another kernel than the one that runs: options, and sent. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

/* include/linux/pid.h has 0 to 3 in the other direction, and no last one. */
enum pid_type___elsewhere {
	PIDTYPE_SID = 100,
	PIDTYPE_PGID,
	PIDTYPE_TGID,
	PIDTYPE_PID,
	PIDTYPE_GONE = 2,
};

struct number {
	enum pid_type___elsewhere kind;
	__u32 number;
	__u32 gone;
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 65536);
} numbers SEC(".maps");

const volatile enum pid_type___elsewhere kind = PIDTYPE_SID;
const volatile enum pid_type___elsewhere gone = PIDTYPE_GONE;

SEC("raw_tp/sched_process_exec")
int exec(void *ctx)
{
	struct number number = { .kind = kind, .number = kind, .gone = gone };

	bpf_ringbuf_output(&numbers, &number, sizeof(number), 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
