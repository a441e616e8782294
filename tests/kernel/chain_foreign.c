/* What somebody else has on an interface: programs that count and let pass. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

__u64 seen;

SEC("xdp")
int foreign(struct xdp_md *ctx)
{
	__sync_fetch_and_add(&seen, 1);
	return XDP_PASS;
}

/* Also under the name by which libxdp's dispatcher is known. */
SEC("xdp/dispatcher")
int xdp_dispatcher(struct xdp_md *ctx)
{
	return XDP_PASS;
}

SEC("tc")
int foreign_tc(struct __sk_buff *skb)
{
	__sync_fetch_and_add(&seen, 1);
	return -1; /* TC_ACT_UNSPEC: on to the next one */
}
