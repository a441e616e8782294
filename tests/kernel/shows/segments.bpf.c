// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Counts segments that come in, by the family of their sockets; asks whose sockets they are and knows nothing of processes. */
#include <emf/bpf.h>

char LICENSE[] SEC("license") = "GPL";
EMF_DOC("count segments of TCP");

struct count {
	__u64 segments;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, struct count);
} families SEC(".maps");
EMF_TABLE(families);

SEC("raw_tp/tcp_probe")
int on_segment(struct bpf_raw_tracepoint_args *ctx)
{
	const struct sock *sk = (const struct sock *)ctx->args[0];
	struct count first = { 0 }, *count;
	__u32 family;

	if (!emf_is_wanted_socket(sk))
		return 0;
	family = BPF_CORE_READ(sk, __sk_common.skc_family);
	bpf_map_update_elem(&families, &family, &first, BPF_NOEXIST);
	count = bpf_map_lookup_elem(&families, &family);
	if (count)
		__sync_fetch_and_add(&count->segments, 1);
	return 0;
}
