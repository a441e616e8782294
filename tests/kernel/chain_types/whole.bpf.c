#include <emf/bpf.h>

char LICENSE[] SEC("license") = "GPL";

SEC("xdp.frags")
int pass_whole(struct xdp_md *ctx)
{
	return XDP_PASS;
}
