#include <emf/bpf.h>
#include "ptwo_emf.h"
char LICENSE[] SEC("license") = "GPL";
__u64 marked;
SEC("xdp") int mark(struct xdp_md *ctx)
{
	struct ingress_state *state = ingress_state();
	if (state) state->mark = 7;
	__sync_fetch_and_add(&marked, 1);
	return ingress_next(ctx);
}
