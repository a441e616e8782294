// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * mallocstacks.bpf.c - blocks of malloc(3) that were not freed, added up by the stacks that asked for them.
 *
 * Stacks are taken where a function returns: at its entry those without its frame pointer lack who called it.
 */
#include <emf/bpf.h>

#include "mallocstacks_emf.h"

#define MAX_CALLS 16384	  /* threads inside of the functions at the same time */
#define MAX_BLOCKS 262144 /* unless the option says another number */

const volatile __u32 pid;

__u64 lost;   /* blocks that had no room in the maps */
__u64 missed; /* blocks whose stack could not be read, or had no room */

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, MALLOCSTACKS_STACKS);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, MALLOCSTACKS_DEPTH * sizeof(__u64));
} stacks SEC(".maps");

struct block_key {
	__u64 address;
	__u32 pid;
	__u32 pad;
};

struct block {
	__u64 bytes;
	__s32 stack;
	__u32 pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_BLOCKS);
	__type(key, struct block_key);
	__type(value, struct block);
} blocks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MALLOCSTACKS_STACKS);
	__type(key, struct mallocstacks_key);
	__type(value, struct mallocstacks_kept);
} counts SEC(".maps");

struct call {
	__u64 bytes;
	__u64 address; /* of the block that is made larger or smaller */
	struct block before;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_CALLS);
	__type(key, __u64); /* thread */
	__type(value, struct call);
} calls SEC(".maps");

static __always_inline bool is_wanted(void)
{
	return (!pid || pid == bpf_get_current_pid_tgid() >> 32) && emf_is_wanted();
}

static __always_inline struct mallocstacks_kept *kept_by(__s32 stack)
{
	struct mallocstacks_key key = { .pid = bpf_get_current_pid_tgid() >> 32, .user = stack };
	struct mallocstacks_kept *kept = bpf_map_lookup_elem(&counts, &key), first = { 0 };

	if (kept)
		return kept;
	bpf_get_current_comm(first.comm, sizeof(first.comm));
	bpf_map_update_elem(&counts, &key, &first, BPF_NOEXIST);
	return bpf_map_lookup_elem(&counts, &key);
}

static __always_inline void keep(__u64 address, const struct block *block)
{
	struct block_key key = { .address = address, .pid = bpf_get_current_pid_tgid() >> 32 };
	struct mallocstacks_kept *kept = kept_by(block->stack);

	if (!kept || bpf_map_update_elem(&blocks, &key, block, BPF_ANY)) {
		__sync_fetch_and_add(&lost, 1);
		return;
	}
	__sync_fetch_and_add(&kept->bytes, block->bytes);
	__sync_fetch_and_add(&kept->blocks, 1);
}

/* Whether there was such a block; @out receives it. */
static __always_inline bool let_go(__u64 address, struct block *out)
{
	struct block_key key = { .address = address, .pid = bpf_get_current_pid_tgid() >> 32 };
	struct block *block = bpf_map_lookup_elem(&blocks, &key);
	struct mallocstacks_kept *kept;

	if (!block)
		return false;
	*out = *block;
	bpf_map_delete_elem(&blocks, &key);
	kept = kept_by(out->stack);
	if (kept) {
		__sync_fetch_and_add(&kept->bytes, -out->bytes);
		__sync_fetch_and_add(&kept->blocks, -1);
	}
	return true;
}

static __always_inline int begin(const struct call *call)
{
	__u64 thread = bpf_get_current_pid_tgid();

	if (bpf_map_update_elem(&calls, &thread, call, BPF_ANY))
		__sync_fetch_and_add(&lost, 1);
	return 0;
}

SEC("uprobe")
int BPF_KPROBE(on_malloc, unsigned long bytes)
{
	struct call call = { .bytes = bytes };

	return is_wanted() ? begin(&call) : 0;
}

SEC("uprobe")
int BPF_KPROBE(on_calloc, unsigned long n, unsigned long bytes)
{
	struct call call = { .bytes = n * bytes };

	return is_wanted() ? begin(&call) : 0;
}

/* The old block may be another thread's before this comes back. */
SEC("uprobe")
int BPF_KPROBE(on_realloc, unsigned long address, unsigned long bytes)
{
	struct call call = { .bytes = bytes };

	if (!is_wanted())
		return 0;
	if (address && let_go(address, &call.before))
		call.address = address;
	return begin(&call);
}

SEC("uretprobe")
int BPF_KRETPROBE(on_return, unsigned long address)
{
	__u64 thread = bpf_get_current_pid_tgid();
	struct call *known = bpf_map_lookup_elem(&calls, &thread), call;
	struct block block = { 0 };
	long stack;

	if (!known)
		return 0;
	call = *known;
	bpf_map_delete_elem(&calls, &thread);
	/* One that could not be made larger stays. */
	if (!address && call.address && call.bytes)
		keep(call.address, &call.before);
	if (!address)
		return 0;
	stack = bpf_get_stackid(ctx, &stacks, BPF_F_USER_STACK);
	if (stack < 0)
		__sync_fetch_and_add(&missed, 1);
	block.bytes = call.bytes;
	block.stack = stack < 0 ? -1 : (__s32)stack;
	keep(address, &block);
	return 0;
}

SEC("uprobe")
int BPF_KPROBE(on_free, unsigned long address)
{
	struct block block;

	if (address && is_wanted())
		let_go(address, &block);
	return 0;
}
