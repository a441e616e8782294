/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * block.h - requests to disks, and what their tracepoints hand over, for kernel parts.
 */
#ifndef BLOCK_H
#define BLOCK_H

#define BLOCK_REQUESTS_MAX 16384 /* under way at the same time */

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct gendisk {
	int major;
	int first_minor;
	char disk_name[32];
};

struct request_queue {
	struct gendisk *disk;
};

struct request {
	struct request_queue *q;
	unsigned int cmd_flags;
	unsigned int __data_len;
	__u64 __sector;
	__u64 start_time_ns; /* another one for each use of a request's memory, or always 0 */
};

struct request___before_5_17 {
	struct gendisk *rq_disk;
};

#pragma clang attribute pop

/* Before Linux 5.11, and before it was changed in 5.10, too, a queue stood in front. */
typedef void (*btf_trace_block_rq_insert)(void *, struct request_queue *, struct request *);

/* Of block_rq_insert and block_rq_issue. */
static __always_inline const struct request *block_request(struct bpf_raw_tracepoint_args *ctx)
{
	__u64 rq;

	if (bpf_core_type_exists(btf_trace_block_rq_insert)) {
		rq = ctx->args[1];
		barrier_var(rq); /* or clang makes one load of both, at an offset that the verifier refuses */
	} else {
		rq = ctx->args[0];
	}
	return (const struct request *)rq;
}

/* Of block_rq_complete: whether it is for all that was left of the request. */
static __always_inline bool block_is_done(struct bpf_raw_tracepoint_args *ctx, const struct request *rq)
{
	return (__u32)ctx->args[2] >= BPF_CORE_READ(rq, __data_len);
}

static __always_inline const struct gendisk *block_disk(const struct request *rq)
{
	const struct request___before_5_17 *old = (const void *)rq;

	return bpf_core_field_exists(old->rq_disk) ? BPF_CORE_READ(old, rq_disk) : BPF_CORE_READ(rq, q, disk);
}

#endif
