// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Calls of a function of the C library: a uprobe that says where it hangs, and its return. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

enum phase { PHASE_CALL, PHASE_RETURN };

typedef struct {
	enum phase phase;
	pid_t pid;
	s64 value;
} call_t;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} calls SEC(".maps");

static __always_inline int send(enum phase phase, s64 value)
{
	call_t call = { .phase = phase, .pid = bpf_get_current_pid_tgid() >> 32, .value = value };

	bpf_ringbuf_output(&calls, &call, sizeof(call), 0);
	return 0;
}

SEC("uprobe/libc.so.6:getpgid")
int BPF_KPROBE(on_getpgid, pid_t pid)
{
	return send(PHASE_CALL, pid);
}

SEC("uretprobe/libc.so.6:getpgid")
int BPF_KRETPROBE(on_return, pid_t ret)
{
	return send(PHASE_RETURN, ret);
}
