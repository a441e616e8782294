#include "hand_emf.h"

#include <emf/bpf.h>
#include <linux/pkt_cls.h>

char LICENSE[] SEC("license") = "GPL";

#define COLOR 0x00c01035

__u64 painted, seen, none, wrong;

SEC("xdp")
int a_paint(struct xdp_md *ctx)
{
	struct early_state *state = early_state();

	if (state) {
		state->color = COLOR;
		__sync_fetch_and_add(&painted, 1);
	}
	return early_next(ctx);
}

SEC("tc")
int see(struct __sk_buff *skb)
{
	struct late_state *state = late_state();

	if (!state || (state->color && state->color != COLOR) || state->hops)
		__sync_fetch_and_add(&wrong, 1);
	else
		__sync_fetch_and_add(state->color ? &seen : &none, 1);
	return TC_ACT_OK;
}
