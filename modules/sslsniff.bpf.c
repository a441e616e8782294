// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * sslsniff.bpf.c - what goes through OpenSSL, on the side that is not encrypted.
 *
 * Data is read when a call comes back: then it is known how much there is, and it is in memory.
 */
#include <emf/bpf.h>

#define SSLSNIFF_EVENT_DATA_BYTES (4 * 1024 * 1024)
#include "sslsniff_emf.h"

#define MAX_THREADS 16384 /* inside of the functions at the same time */
/* Room of a record, which is a constant: there are three. */
#define SHORT 256
#define MIDDLE 4096

const volatile __u32 pid;
const volatile __u32 bytes = MIDDLE;

struct call {
	__u64 since;
	__u64 data;
	__u64 len_at; /* where the caller finds the length; 0 if it is what the function returns */
	__u64 direction;
};

struct calls {
	struct call of[SSLSNIFF_DEPTH];
	__u64 depth;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_THREADS);
	__type(key, __u64); /* thread */
	__type(value, struct calls);
} threads SEC(".maps");

static __always_inline int enter(__u64 direction, unsigned long data, unsigned long len_at)
{
	__u64 thread = bpf_get_current_pid_tgid();
	struct calls first = { 0 }, *in;

	if ((pid && pid != thread >> 32) || !emf_is_wanted())
		return 0;
	in = bpf_map_lookup_elem(&threads, &thread);
	if (!in) {
		bpf_map_update_elem(&threads, &thread, &first, BPF_NOEXIST);
		in = bpf_map_lookup_elem(&threads, &thread);
	}
	if (!in || in->depth >= SSLSNIFF_DEPTH)
		sslsniff_event_data_lost();
	if (!in)
		return 0;
	if (in->depth < SSLSNIFF_DEPTH)
		in->of[in->depth & (SSLSNIFF_DEPTH - 1)] =
			(struct call){ .since = bpf_ktime_get_ns(), .data = data, .len_at = len_at, .direction = direction };
	in->depth++;
	return 0;
}

SEC("uprobe")
int BPF_KPROBE(on_read, unsigned long ssl, unsigned long data)
{
	return enter(SSLSNIFF_DIRECTION_READ, data, 0);
}

SEC("uprobe")
int BPF_KPROBE(on_write, unsigned long ssl, unsigned long data)
{
	return enter(SSLSNIFF_DIRECTION_WRITE, data, 0);
}

SEC("uprobe")
int BPF_KPROBE(on_read_ex, unsigned long ssl, unsigned long data, unsigned long max, unsigned long len_at)
{
	return enter(SSLSNIFF_DIRECTION_READ, data, len_at);
}

SEC("uprobe")
int BPF_KPROBE(on_write_ex, unsigned long ssl, unsigned long data, unsigned long max, unsigned long len_at)
{
	return enter(SSLSNIFF_DIRECTION_WRITE, data, len_at);
}

/* @room is a constant. */
static __always_inline void send(const struct call *call, __u64 now, __u64 len, __u32 kept, __u32 room)
{
	struct sslsniff_data *e = sslsniff_event_data_reserve_cut(room);

	if (!e)
		return;
	e->time = now;
	e->took = now - call->since;
	e->len = len;
	e->pid = bpf_get_current_pid_tgid() >> 32;
	e->direction = call->direction;
	__builtin_memset(e->pad, 0, sizeof(e->pad));
	bpf_get_current_comm(e->comm, sizeof(e->comm));
	/* One register for the check and the use, or the verifier loses the bound. */
	barrier_var(kept);
	if (kept > room)
		kept = room;
	e->data_len = bpf_probe_read_user(e->data, kept, (const void *)call->data) ? 0 : kept;
	e->cut = e->data_len < len;
	sslsniff_event_data_submit(e);
}

SEC("uretprobe")
int BPF_KRETPROBE(on_return, unsigned long result)
{
	__u64 thread = bpf_get_current_pid_tgid(), now = bpf_ktime_get_ns(), len = 0, depth, kept;
	struct calls *in = bpf_map_lookup_elem(&threads, &thread);
	struct call call;

	if (!in || !in->depth)
		return 0;
	depth = --in->depth;
	call = in->of[depth & (SSLSNIFF_DEPTH - 1)];
	if (!depth)
		bpf_map_delete_elem(&threads, &thread);
	if (depth >= SSLSNIFF_DEPTH || (int)result <= 0)
		return 0; /* counted, or nothing went through */
	if (!call.len_at)
		len = (int)result;
	else if (bpf_probe_read_user(&len, sizeof(len), (const void *)call.len_at))
		sslsniff_event_data_lost();
	if (!len)
		return 0;
	kept = len < bytes ? len : bytes;
	if (kept <= SHORT)
		send(&call, now, len, kept, SHORT);
	else if (kept <= MIDDLE)
		send(&call, now, len, kept, MIDDLE);
	else
		send(&call, now, len, kept, SSLSNIFF_DATA_MAX);
	return 0;
}

/* One that ends inside of a function does not come back. */
SEC("raw_tp/sched_process_exit")
int on_end(void *ctx)
{
	__u64 thread = bpf_get_current_pid_tgid();

	bpf_map_delete_elem(&threads, &thread);
	return 0;
}
