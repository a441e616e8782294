// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * funclatency.bpf.c - how long calls of a function take, of those inside of each other each one.
 */
#include <emf/bpf.h>

#include "funclatency_emf.h"
#include "log2.h"

#define MAX_THREADS 16384 /* inside of the function at the same time */

const volatile __u32 pid;

__u64 lost; /* calls that could not be measured */

struct entered {
	__u64 since[FUNCLATENCY_DEPTH];
	__u64 depth;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_THREADS);
	__type(key, __u64); /* thread */
	__type(value, struct entered);
} entered SEC(".maps");

struct latency {
	__u64 slots[LOG2_SLOTS];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct latency);
} latency SEC(".maps");

static __always_inline int enter(void)
{
	__u64 thread = bpf_get_current_pid_tgid();
	struct entered first = { 0 }, *in;

	if ((pid && pid != thread >> 32) || !emf_is_wanted())
		return 0;
	in = bpf_map_lookup_elem(&entered, &thread);
	if (!in) {
		bpf_map_update_elem(&entered, &thread, &first, BPF_NOEXIST);
		in = bpf_map_lookup_elem(&entered, &thread);
	}
	if (!in || in->depth >= FUNCLATENCY_DEPTH)
		__sync_fetch_and_add(&lost, 1);
	if (!in)
		return 0;
	/* Last, as near to the function as it can be. */
	if (in->depth < FUNCLATENCY_DEPTH)
		in->since[in->depth & (FUNCLATENCY_DEPTH - 1)] = bpf_ktime_get_ns();
	in->depth++;
	return 0;
}

static __always_inline int leave(void)
{
	__u64 now = bpf_ktime_get_ns(), thread = bpf_get_current_pid_tgid(), depth, took;
	struct entered *in = bpf_map_lookup_elem(&entered, &thread);
	struct latency *hist;
	__u32 zero = 0;

	if (!in || !in->depth)
		return 0;
	depth = --in->depth;
	took = now - in->since[depth & (FUNCLATENCY_DEPTH - 1)];
	if (!depth)
		bpf_map_delete_elem(&entered, &thread);
	hist = depth < FUNCLATENCY_DEPTH ? bpf_map_lookup_elem(&latency, &zero) : NULL;
	if (hist)
		__sync_fetch_and_add(&hist->slots[log2_slot(took)], 1);
	return 0;
}

SEC("uprobe")
int on_user_call(void *ctx)
{
	return enter();
}

SEC("uretprobe")
int on_user_return(void *ctx)
{
	return leave();
}

SEC("kprobe")
int on_kernel_call(void *ctx)
{
	return enter();
}

SEC("kretprobe")
int on_kernel_return(void *ctx)
{
	return leave();
}

/* One that ends inside of the function does not come back. */
SEC("raw_tp/sched_process_exit")
int on_end(void *ctx)
{
	__u64 thread = bpf_get_current_pid_tgid();

	bpf_map_delete_elem(&entered, &thread);
	return 0;
}
