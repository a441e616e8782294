// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Round trip times of connections that processes of a cgroup make, by port; asked of the sockets themselves. */
#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define MAX_SLOTS 32

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct hist {
	__u64 slots[MAX_SLOTS];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 256);
	__type(key, __u16);
	__type(value, struct hist);
} ports SEC(".maps");

static struct hist none;

static __always_inline __u32 log2_of(__u32 v)
{
	__u32 slot = 0;

#pragma unroll
	for (int shift = 16; shift > 0; shift /= 2)
		if (v >> shift) {
			v >>= shift;
			slot += shift;
		}
	return slot;
}

SEC("sockops")
int on_socket(struct bpf_sock_ops *ctx)
{
	__u16 port = bpf_ntohl(ctx->remote_port);
	struct hist *hist;

	if (ctx->op == BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB) {
		bpf_sock_ops_cb_flags_set(ctx, BPF_SOCK_OPS_RTT_CB_FLAG);
		return 1;
	}
	if (ctx->op != BPF_SOCK_OPS_RTT_CB)
		return 1;
	hist = bpf_map_lookup_elem(&ports, &port);
	if (!hist) {
		bpf_map_update_elem(&ports, &port, &none, BPF_NOEXIST);
		hist = bpf_map_lookup_elem(&ports, &port);
		if (!hist)
			return 1;
	}
	hist->slots[log2_of(ctx->srtt_us >> 3) & (MAX_SLOTS - 1)]++;
	return 1;
}
