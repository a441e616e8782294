// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * biolatency.bpf.c - how long disks took for what they were asked.
 */
#include <emf/bpf.h>

#include "block.h"
#include "log2.h"

char LICENSE[] SEC("license") = "GPL";
EMF_DOC("show how long disks take for what they are asked, as a histogram");

#define MAX_DISKS 256

const volatile bool queued = false;
EMF_PARAM(queued, "with the time in the kernel's queue, before the disk gets it");
const volatile bool per_disk = false;
EMF_PARAM(per_disk, "a histogram for each disk");

enum lost {
	REQUESTS, /* beyond what the map holds */
	DISKS,	  /* requests of disks that have no histogram */
};
#include "lost.h"

struct asked {
	__u64 since;
	__u64 began; /* as the kernel has it */
	__u64 is_wanted;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, BLOCK_REQUESTS_MAX);
	__type(key, __u64); /* address of the request */
	__type(value, struct asked);
} requests SEC(".maps");

struct disk {
	char name[32];
};

struct hist {
	__u64 slots[LOG2_SLOTS];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 1);
	__type(key, __s32); /* -1, which is not printed */
	__type(value, struct hist);
} all SEC(".maps");
EMF_HIST(all, "usecs");
EMF_IF(all, !per_disk);

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_DISKS);
	__type(key, struct disk);
	__type(value, struct hist);
} disks SEC(".maps");
EMF_HIST(disks, "usecs");
EMF_IF(disks, per_disk);

/* A new one, which the stack has no room for. Never written. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct hist);
} empty SEC(".maps");

static __always_inline int ask(const struct request *rq)
{
	struct asked asked = { .since = bpf_ktime_get_ns(), .began = BPF_CORE_READ(rq, start_time_ns), .is_wanted = emf_is_wanted() };
	__u64 key = (__u64)rq;

	if (bpf_map_update_elem(&requests, &key, &asked, BPF_ANY))
		count_lost(REQUESTS);
	return 0;
}

/* Who puts a request into a queue is whose it is; who takes it out may be anybody. */
static __always_inline bool waits(void)
{
	return queued || emf_wants_some();
}

SEC("raw_tp/block_rq_insert")
int on_insert(struct bpf_raw_tracepoint_args *ctx)
{
	return waits() ? ask(block_request(ctx)) : 0;
}

SEC("raw_tp/block_rq_issue")
int on_issue(struct bpf_raw_tracepoint_args *ctx)
{
	const struct request *rq = block_request(ctx);
	__u64 key = (__u64)rq;
	struct asked *known = waits() ? bpf_map_lookup_elem(&requests, &key) : NULL;

	/* One that was merged into another is never issued, and its memory is used again. */
	if (!known || known->began != BPF_CORE_READ(rq, start_time_ns))
		return ask(rq);
	if (!queued)
		known->since = bpf_ktime_get_ns();
	return 0;
}

static __always_inline struct hist *hist_in(void *map, const void *key)
{
	struct hist *hist = bpf_map_lookup_elem(map, key), *fresh;
	__u32 zero = 0;

	if (hist)
		return hist;
	fresh = bpf_map_lookup_elem(&empty, &zero);
	if (fresh)
		bpf_map_update_elem(map, key, fresh, BPF_NOEXIST);
	return bpf_map_lookup_elem(map, key);
}

static __always_inline struct hist *hist_of(const struct request *rq)
{
	struct disk disk = { 0 };
	__s32 together = -1;

	if (!per_disk)
		return hist_in(&all, &together);
	BPF_CORE_READ_STR_INTO(&disk.name, block_disk(rq), disk_name);
	return hist_in(&disks, &disk);
}

SEC("raw_tp/block_rq_complete")
int on_complete(struct bpf_raw_tracepoint_args *ctx)
{
	const struct request *rq = (const struct request *)ctx->args[0];
	__u64 key = (__u64)rq, took;
	struct asked *known = bpf_map_lookup_elem(&requests, &key);
	struct hist *hist;
	bool is_wanted;

	/* Otherwise the rest of it is still to come. */
	if (!known || !block_is_done(ctx, rq))
		return 0;
	took = bpf_ktime_get_ns() - known->since;
	is_wanted = known->is_wanted;
	bpf_map_delete_elem(&requests, &key);
	if (!is_wanted)
		return 0;
	hist = hist_of(rq);
	if (hist)
		__sync_fetch_and_add(&hist->slots[log2_slot(took / 1000)], 1);
	else
		count_lost(DISKS);
	return 0;
}
