// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <emf/bpf.h>

#include "drip_emf.h"

#define GETPPID 110 /* arch/x86/entry/syscalls/syscall_64.tbl */
#define GETPPID_ARM64 173 /* include/uapi/asm-generic/unistd.h */

const volatile __u32 caller;

char LICENSE[] SEC("license") = "GPL";

SEC("raw_tp/sys_enter")
int on_call(struct bpf_raw_tracepoint_args *ctx)
{
	struct drip_dropped_in *event;

	if (bpf_get_current_pid_tgid() >> 32 != caller || (ctx->args[1] != GETPPID && ctx->args[1] != GETPPID_ARM64))
		return 0;
	event = drip_event_dropped_in_reserve();
	if (!event)
		return 0;
	event->number = 1;
	drip_event_dropped_in_submit(event);
	return 0;
}
