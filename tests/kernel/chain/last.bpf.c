#include "last_emf.h"

#include <emf/bpf.h>

char LICENSE[] SEC("license") = "GPL";

__u64 seen, marked, wrong;

SEC("xdp")
int end(struct xdp_md *ctx)
{
	struct ingress_state *state = ingress_state();

	__sync_fetch_and_add(&seen, 1);
	if (state && state->mark == 7 && state->hops == 1)
		__sync_fetch_and_add(&marked, 1);
	else if (state && state->mark)
		__sync_fetch_and_add(&wrong, 1);
	return XDP_PASS;
}
