// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Nothing is sent: globals of types that user space has no header for, and counters. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define MAX_SLOTS 26

char LICENSE[] SEC("license") = "GPL";

struct hist {
	__u32 slots[MAX_SLOTS];
	char comm[TASK_COMM_LEN];
};

enum unit { MICRO, MILLI };
typedef u64 stamp_t;

const volatile bool targ_ms = false;
const volatile enum unit unit = MICRO;
const volatile stamp_t since = 0;
struct hist hists[2] = {};
stamp_t last;
union {
	pid_t pid;
	u64 id;
} who;

SEC("tp_btf/sched_switch")
int BPF_PROG(on_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	u64 now = bpf_ktime_get_ns();
	u32 slot = targ_ms || unit == MILLI ? 1 : 0;

	if (now < since)
		return 0;
	last = now;
	who.pid = next->tgid;
	__sync_fetch_and_add(&hists[slot].slots[(now >> 10) & 15], 1);
	return 0;
}
