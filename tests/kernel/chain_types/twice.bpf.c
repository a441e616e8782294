#include "twice_emf.h"

#include <emf/bpf.h>
#include <linux/pkt_cls.h>

char LICENSE[] SEC("license") = "GPL";

#define COPY 0xc0de

__u64 outer, inner, wrong;

SEC("tc")
int a_send(struct __sk_buff *skb)
{
	struct again_state *state = again_state();
	__u32 mark = skb->mark;

	if (!state)
		return TC_ACT_OK;
	state->hops++;
	state->mark = mark;
	if (mark != COPY) {
		skb->mark = COPY;
		bpf_clone_redirect(skb, skb->ifindex, 0); /* the copy runs through this chain now */
		skb->mark = mark;
	}
	return again_next(skb);
}

SEC("tc")
int b_check(struct __sk_buff *skb)
{
	struct again_state *state = again_state();

	if (!state || state->hops != 1 || state->mark != skb->mark)
		__sync_fetch_and_add(&wrong, 1);
	else if (skb->mark == COPY)
		__sync_fetch_and_add(&inner, 1);
	else
		__sync_fetch_and_add(&outer, 1);
	return TC_ACT_OK;
}
