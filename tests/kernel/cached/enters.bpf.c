// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <emf/bpf.h>

#include "enters_emf.h"

char LICENSE[] SEC("license") = "GPL";

static __always_inline int tell(__u32 which)
{
	struct enters_passed *e = enters_event_passed_reserve();

	if (!e)
		return 0;
	e->pid = bpf_get_current_pid_tgid() >> 32;
	e->which = which;
	enters_event_passed_submit(e);
	return 0;
}

SEC("fentry/__x64_sys_getpgid")
int enter(void *ctx)
{
	return tell(1);
}

SEC("fexit/__x64_sys_getpgid")
int leave(void *ctx)
{
	return tell(2);
}

SEC("fmod_ret/security_task_getpgid")
int change(void *ctx)
{
	return tell(3);
}
