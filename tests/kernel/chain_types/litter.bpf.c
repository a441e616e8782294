#include "litter_emf.h"

#include <emf/bpf.h>
#include <linux/pkt_cls.h>

char LICENSE[] SEC("license") = "GPL";

__u64 left, without, with;

SEC("xdp")
int leave(struct xdp_md *ctx)
{
	__u32 *meta;

	if (bpf_xdp_adjust_meta(ctx, -(int)sizeof(*meta)))
		return XDP_PASS;
	meta = (void *)(long)ctx->data_meta;
	if ((void *)(meta + 1) <= (void *)(long)ctx->data) {
		*meta = 1;
		__sync_fetch_and_add(&left, 1);
	}
	return XDP_PASS;
}

SEC("tc")
int look(struct __sk_buff *skb)
{
	__u32 *meta = (void *)(long)skb->data_meta;

	__sync_fetch_and_add((void *)(meta + 1) <= (void *)(long)skb->data ? &with : &without, 1);
	return TC_ACT_OK;
}
