// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * An event of 64 bytes for each system call of a process. FLOOR: the same by hand, without
 * counts and without a word of the reader; FILTER: no event.
 */
#include <emf/bpf.h>

#define GETPPID 110 /* arch/x86/entry/syscalls/syscall_64.tbl */
#define GETPPID_ARM64 173 /* include/uapi/asm-generic/unistd.h */

const volatile __u32 caller;

#ifndef FLOOR
#define STORM_EVENT_CALLED_BYTES (1 << 24)
#include "storm_emf.h"
#else
struct storm_called {
	__u64 time, took, id;
	__u32 pid, flags;
	__s32 result;
	__u32 uid;
	char comm[16];
	__u32 addr;
	__u16 port, family;
};
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 24);
} ring SEC(".maps");
#endif

char LICENSE[] SEC("license") = "GPL";

SEC("raw_tp/sys_enter")
int on_call(struct bpf_raw_tracepoint_args *ctx)
{
	struct storm_called *e;

	if (bpf_get_current_pid_tgid() >> 32 != caller || (ctx->args[1] != GETPPID && ctx->args[1] != GETPPID_ARM64))
		return 0;
#ifdef FILTER
	return 0;
#elif defined(FLOOR)
	e = bpf_ringbuf_reserve(&ring, sizeof(*e), 0);
#else
	e = storm_event_called_reserve();
#endif
	if (!e)
		return 0;
	e->time = 1;
	e->took = 2;
	e->id = 3;
	e->pid = 4;
	e->flags = 5;
	e->result = 6;
	e->uid = 7;
	__builtin_memset(e->comm, 'a', sizeof(e->comm));
	e->addr = 8;
	e->port = 9;
	e->family = 10;
#ifdef FLOOR
	bpf_ringbuf_submit(e, BPF_RB_NO_WAKEUP);
#else
	storm_event_called_submit(e);
#endif
	return 0;
}
