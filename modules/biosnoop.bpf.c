// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * biosnoop.bpf.c - requests to disks.
 *
 * Who asks is known where a request is put into a queue, or where the disk gets it,
 * whichever comes first: later it is any thread of the kernel, or an interrupt.
 */
#include <emf/bpf.h>

#define BIOSNOOP_EVENT_IO_BYTES (1024 * 1024)
#include "biosnoop_emf.h"
#include "block.h"

char LICENSE[] SEC("license") = "GPL";

#define REQ_OP_MASK 0xff   /* include/linux/blk_types.h */

const volatile __u32 pid;

struct asked {
	__u64 since;
	__u64 issued; /* 0: not yet */
	__u32 pid;
	__u32 bytes;
	char comm[16];
	__u64 is_wanted;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, BLOCK_REQUESTS_MAX);
	__type(key, __u64); /* address of the request */
	__type(value, struct asked);
} requests SEC(".maps");

static __always_inline struct asked ask(__u64 since)
{
	struct asked asked = { .since = since, .pid = bpf_get_current_pid_tgid() >> 32, .is_wanted = emf_is_wanted() };

	bpf_get_current_comm(asked.comm, sizeof(asked.comm));
	return asked;
}

SEC("raw_tp/block_rq_insert")
int on_insert(struct bpf_raw_tracepoint_args *ctx)
{
	const struct request *rq = block_request(ctx);
	__u64 key = (__u64)rq, began = BPF_CORE_READ(rq, start_time_ns);
	struct asked asked = ask(began ? began : bpf_ktime_get_ns());

	if (bpf_map_update_elem(&requests, &key, &asked, BPF_ANY))
		biosnoop_event_io_lost();
	return 0;
}

SEC("raw_tp/block_rq_issue")
int on_issue(struct bpf_raw_tracepoint_args *ctx)
{
	const struct request *rq = block_request(ctx);
	__u64 key = (__u64)rq, began = BPF_CORE_READ(rq, start_time_ns), now = bpf_ktime_get_ns();
	struct asked *known = bpf_map_lookup_elem(&requests, &key), asked;

	/* One that was merged into another was never issued, and its memory is used again. */
	if (known && (!began || known->since == began))
		asked = *known;
	else
		asked = ask(began ? began : now);
	asked.issued = now;
	asked.bytes = BPF_CORE_READ(rq, __data_len);
	if (bpf_map_update_elem(&requests, &key, &asked, BPF_ANY))
		biosnoop_event_io_lost();
	return 0;
}

/* Of a blk_status_t, include/linux/blk_types.h; others are EIO. */
static const __s32 errors[] = { 0, 95 /* EOPNOTSUPP */, 110 /* ETIMEDOUT */, 28 /* ENOSPC */, 67 /* ENOLINK */,
				121 /* EREMOTEIO */, 52 /* EBADE */, 61 /* ENODATA */, 84 /* EILSEQ */, 12 /* ENOMEM */ };

/* Older kernels hand over a negative one instead. */
static __always_inline int error_of(int status)
{
	__u32 at = (__u32)status;

	if (status < 0)
		return status;
	return at < sizeof(errors) / sizeof(*errors) ? -errors[at] : -5 /* EIO */;
}

SEC("raw_tp/block_rq_complete")
int on_complete(struct bpf_raw_tracepoint_args *ctx)
{
	const struct request *rq = (const struct request *)ctx->args[0];
	__u64 key = (__u64)rq, now = bpf_ktime_get_ns();
	struct asked *known = bpf_map_lookup_elem(&requests, &key), asked;
	const struct gendisk *disk;
	struct biosnoop_io *e;
	__u32 left;

	/* The rest of it is still to come. */
	if (!known || !block_is_done(ctx, rq))
		return 0;
	left = BPF_CORE_READ(rq, __data_len);
	asked = *known;
	bpf_map_delete_elem(&requests, &key);
	if (!asked.issued || !asked.is_wanted || (pid && pid != asked.pid))
		return 0;
	e = biosnoop_event_io_reserve();
	if (!e)
		return 0;
	disk = block_disk(rq);
	e->time = now;
	e->queued = asked.issued - asked.since;
	e->took = now - asked.issued;
	e->pid = asked.pid;
	e->op = BPF_CORE_READ(rq, cmd_flags) & REQ_OP_MASK;
	e->error = error_of((int)ctx->args[1]);
	e->major = BPF_CORE_READ(disk, major);
	e->minor = BPF_CORE_READ(disk, first_minor);
	e->bytes = asked.bytes;
	/* With each part that was done it has gone on; a flush has none. */
	e->sector = e->op == BIOSNOOP_OP_FLUSH ? 0 : BPF_CORE_READ(rq, __sector) - ((asked.bytes - left) >> 9);
	__builtin_memcpy(e->comm, asked.comm, sizeof(e->comm));
	BPF_CORE_READ_INTO(&e->disk, disk, disk_name);
	biosnoop_event_io_submit(e);
	return 0;
}
