// SPDX-License-Identifier: GPL-2.0-only
/* An enum of the kernel by its names, and an address of the kernel's code. */
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct drop {
	enum skb_drop_reason reason;
	__u32 len;
	__be16 protocol;
	__u8 unused[6];
	void *location;
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 65536);
} drops SEC(".maps");

const volatile __u32 min_len = 0;

SEC("tp_btf/kfree_skb")
int BPF_PROG(kfree_skb, struct sk_buff *skb, void *location, enum skb_drop_reason reason)
{
	struct drop drop = { .reason = reason, .location = location };

	drop.len = BPF_CORE_READ(skb, len);
	drop.protocol = BPF_CORE_READ(skb, protocol);
	if (drop.len >= min_len)
		bpf_ringbuf_output(&drops, &drop, sizeof(drop), 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
