#include <emf/bpf.h>

char LICENSE[] SEC("license") = "GPL";

SEC("xdp")
int drop(struct xdp_md *ctx)
{
	return XDP_DROP;
}
