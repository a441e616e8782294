// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Packets of an interface in bursts: a timer begins with the first one, and tells of all that came until it is over. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#define CLOCK_MONOTONIC 1

char LICENSE[] SEC("license") = "GPL";

struct burst {
	struct bpf_timer timer;
	u64 packets;
	u64 bytes;
	u64 since;
	u32 ifindex;
	u32 is_running;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct burst);
} bursts SEC(".maps");

struct event {
	u64 packets;
	u64 bytes;
	u64 took_ns;
	u32 ifindex;
	u32 pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 64 * 1024);
} events SEC(".maps");

const volatile u64 window_ns = 200000000;

static int on_end(void *map, u32 *key, struct burst *burst)
{
	struct event *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);

	if (e) {
		e->packets = burst->packets;
		e->bytes = burst->bytes;
		e->took_ns = bpf_ktime_get_ns() - burst->since;
		e->ifindex = burst->ifindex;
		e->pad = 0;
		bpf_ringbuf_submit(e, 0);
	}
	burst->packets = burst->bytes = 0;
	__sync_lock_test_and_set(&burst->is_running, 0);
	return 0;
}

SEC("xdp")
int on_packet(struct xdp_md *ctx)
{
	u32 zero = 0;
	struct burst *burst = bpf_map_lookup_elem(&bursts, &zero);

	if (!burst)
		return XDP_PASS;
	__sync_fetch_and_add(&burst->packets, 1);
	__sync_fetch_and_add(&burst->bytes, ctx->data_end - ctx->data);
	if (__sync_lock_test_and_set(&burst->is_running, 1))
		return XDP_PASS;
	burst->since = bpf_ktime_get_ns();
	burst->ifindex = ctx->ingress_ifindex;
	bpf_timer_init(&burst->timer, &bursts, CLOCK_MONOTONIC);
	bpf_timer_set_callback(&burst->timer, on_end);
	bpf_timer_start(&burst->timer, window_ns, 0);
	return XDP_PASS;
}
