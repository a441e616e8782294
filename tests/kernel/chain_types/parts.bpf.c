#include <emf/bpf.h>

char LICENSE[] SEC("license") = "GPL";

SEC("xdp")
int pass_parts(struct xdp_md *ctx)
{
	return XDP_PASS;
}
