// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * syscount.bpf.c - how often each system call was made, how often it failed, and how long it took.
 *
 * A call is counted when it comes back, or when its thread ends in it, as all do in exit(2).
 */
#include <emf/bpf.h>

#include "compat.h"

char LICENSE[] SEC("license") = "GPL";
EMF_DOC("count system calls: how many, how many failed, how long they took");

#define MAX_THREADS 16384   /* inside of a system call at the same time */
#define MAX_NUMBERS 1024    /* of different system calls */
#define MAX_PROCESSES 16384 /* times the system calls of each */
#define MAX_ERRNO 4095      /* include/linux/err.h */

const volatile __u32 pid = 0;
EMF_PARAM(pid, "only this process");
const volatile bool by_process = false;
EMF_PARAM(by_process, "a row for each process and call");

enum lost {
	THREADS,     /* calls that could not be timed, and are not counted */
	ROWS,	     /* calls that have no row */
	CALLS_32BIT, /* of 32-bit programs, whose numbers are others */
};
#include "lost.h"

struct inside {
	__u64 since;
	__u64 number;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_THREADS);
	__type(key, __u32); /* thread */
	__type(value, struct inside);
} inside SEC(".maps");

struct call {
	__u32 call EMF_AS(syscall);
};

struct total {
	__u64 calls;
	__u64 errors;
	__u64 took EMF_AS(duration);
};

/* Per CPU: system calls of all processors would wait for each other otherwise. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, MAX_NUMBERS);
	__type(key, struct call);
	__type(value, struct total);
} calls SEC(".maps");
EMF_TABLE(calls, calls);
EMF_IF(calls, !by_process);

struct process_call {
	__u32 pid;
	__u32 call EMF_AS(syscall);
};

struct process_total {
	__u64 calls;
	__u64 errors;
	__u64 took EMF_AS(duration);
	char comm[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_PROCESSES);
	__type(key, struct process_call);
	__type(value, struct process_total);
} processes SEC(".maps");
EMF_TABLE(processes, calls);
EMF_IF(processes, by_process);

static __always_inline void count(__u32 number, bool failed, __u64 took)
{
	struct call key = { .call = number };
	struct total first = { 0 }, *total = bpf_map_lookup_elem(&calls, &key);

	if (!total) {
		bpf_map_update_elem(&calls, &key, &first, BPF_NOEXIST);
		total = bpf_map_lookup_elem(&calls, &key);
	}
	if (!total) {
		count_lost(ROWS);
		return;
	}
	/* Atomic, though it is per CPU: newer kernels let a program be preempted. */
	__sync_fetch_and_add(&total->calls, 1);
	if (failed) /* not by adding 0, which becomes an instruction that came with 5.12 */
		__sync_fetch_and_add(&total->errors, 1);
	__sync_fetch_and_add(&total->took, took);
}

static __always_inline void count_process(__u32 tgid, __u32 number, bool failed, __u64 took)
{
	struct process_call key = { .pid = tgid, .call = number };
	struct process_total first = { 0 }, *total = bpf_map_lookup_elem(&processes, &key);

	if (!total) {
		bpf_get_current_comm(first.comm, sizeof(first.comm));
		bpf_map_update_elem(&processes, &key, &first, BPF_NOEXIST);
		total = bpf_map_lookup_elem(&processes, &key);
	}
	if (!total) {
		count_lost(ROWS);
		return;
	}
	__sync_fetch_and_add(&total->calls, 1);
	if (failed)
		__sync_fetch_and_add(&total->errors, 1);
	__sync_fetch_and_add(&total->took, took);
}

SEC("raw_tp/sys_enter")
int on_enter(struct bpf_raw_tracepoint_args *ctx)
{
	__u64 thread = bpf_get_current_pid_tgid();
	__u32 tid = (__u32)thread;
	struct inside call = { .since = bpf_ktime_get_ns(), .number = ctx->args[1] };

	if ((pid && pid != thread >> 32) || !emf_is_wanted())
		return 0;
	if (compat_is())
		count_lost(CALLS_32BIT);
	else if (bpf_map_update_elem(&inside, &tid, &call, BPF_ANY))
		count_lost(THREADS);
	return 0;
}

static __always_inline int leave(__u32 tid, bool failed)
{
	struct inside *known = bpf_map_lookup_elem(&inside, &tid), call;
	__u64 now = bpf_ktime_get_ns();

	if (!known)
		return 0;
	call = *known;
	bpf_map_delete_elem(&inside, &tid);
	if (by_process)
		count_process(bpf_get_current_pid_tgid() >> 32, call.number, failed, now - call.since);
	else
		count(call.number, failed, now - call.since);
	return 0;
}

SEC("raw_tp/sys_exit")
int on_return(struct bpf_raw_tracepoint_args *ctx)
{
	long result = (long)ctx->args[1];

	return leave((__u32)bpf_get_current_pid_tgid(), result < 0 && result >= -MAX_ERRNO);
}

SEC("raw_tp/sched_process_exit")
int on_end(void *ctx)
{
	return leave((__u32)bpf_get_current_pid_tgid(), false);
}

/* A thread that was not the first one has become it: its exec is under the number that it had. */
SEC("raw_tp/sched_process_exec")
int on_exec(struct bpf_raw_tracepoint_args *ctx)
{
	__u32 old = (__u32)ctx->args[1];

	return old == (__u32)bpf_get_current_pid_tgid() ? 0 : leave(old, false);
}
