#include "first_emf.h"

#include <emf/bpf.h>

char LICENSE[] SEC("license") = "GPL";

SEC("xdp")
int mark(struct xdp_md *ctx)
{
	struct ingress_state *state = ingress_state();

	if (state) {
		state->mark += 7;
		state->hops++;
	}
	return ingress_next(ctx);
}
