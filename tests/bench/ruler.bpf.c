// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * ruler.bpf.c - when one process attached its programs, by the kernel's clock. It
 * costs every system call of both sides the same, and it does not look at them from
 * outside: a loop that reads /proc slows down what it watches.
 */
#include <emf/bpf.h>

char LICENSE[] SEC("license") = "GPL";

/* include/uapi/linux/bpf.h, enum bpf_cmd: how libbpf attaches tracing programs */
#define RAW_TRACEPOINT_OPEN 17
#define LINK_CREATE 28

const volatile __s64 nr_bpf = -1;
__u32 target;       /* the process, before it calls exec */
__u64 attached_ns;  /* when its last attachment returned */
__u64 kernel_ns;    /* that its calls of bpf(2) took until then */
__u32 attachments;
static __u64 since, took;

/* The first argument of bpf(2) is not looked at: all that the kernel does for a load counts. */
SEC("raw_tp/sys_enter")
int on_enter(struct bpf_raw_tracepoint_args *ctx)
{
	if (bpf_get_current_pid_tgid() == ((__u64)target << 32 | target))
		since = (__s64)ctx->args[1] == nr_bpf ? bpf_ktime_get_ns() : 0;
	return 0;
}

SEC("raw_tp/sys_exit")
int on_return(struct bpf_raw_tracepoint_args *ctx)
{
	struct pt_regs *regs = (struct pt_regs *)ctx->args[0];
	__u64 cmd;

	if (bpf_get_current_pid_tgid() >> 32 != target)
		return 0;
	if (since && (__u32)bpf_get_current_pid_tgid() == target) {
		took += bpf_ktime_get_ns() - since;
		since = 0;
	}
	if ((__s64)ctx->args[1] < 0)
		return 0;
#ifdef __TARGET_ARCH_x86
	if ((__s64)BPF_CORE_READ(regs, orig_ax) != nr_bpf)
		return 0;
	cmd = BPF_CORE_READ(regs, di);
#else
	/* The first argument is gone where the result stands in its register. */
	cmd = LINK_CREATE;
	if ((__s64)BPF_CORE_READ(regs, user_regs.regs[8]) != nr_bpf)
		return 0;
#endif
	if (cmd != RAW_TRACEPOINT_OPEN && cmd != LINK_CREATE)
		return 0;
	attached_ns = bpf_ktime_get_ns();
	kernel_ns = took;
	attachments++;
	return 0;
}
