// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * whole.bpf.c - what a part of the kernel's BTF does not do for; built with -DKSYM, -DNUMBER or -DABSENT.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

char LICENSE[] SEC("license") = "GPL";

struct task_struct { int pid; } __attribute__((preserve_access_index));
struct of_a_kernel_module { int member; } __attribute__((preserve_access_index));
struct net;
extern const struct net init_net __ksym;
extern const void init_task __ksym;

volatile unsigned long long out;

SEC("raw_tp/sched_switch")
int on_switch(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *t = (void *)ctx->args[1];

	out = BPF_CORE_READ(t, pid) + (unsigned long)&init_task;
#ifdef KSYM
	out += (unsigned long)&init_net;
#endif
#ifdef NUMBER
	out += bpf_core_type_id_kernel(struct task_struct);
#endif
#ifdef ABSENT
	out += bpf_core_type_exists(struct of_a_kernel_module);
#endif
	return 0;
}
