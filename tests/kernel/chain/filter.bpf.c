#include <emf/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/pkt_cls.h>
#include <linux/udp.h>

char LICENSE[] SEC("license") = "GPL";

const volatile __be16 port;
__u64 dropped;

static __always_inline int is_unwanted(void *data, void *end)
{
	struct ethhdr *eth = data;
	struct iphdr *ip = (void *)(eth + 1);
	struct udphdr *udp = (void *)(ip + 1);

	if ((void *)(udp + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP) || ip->protocol != IPPROTO_UDP || udp->dest != port)
		return 0;
	__sync_fetch_and_add(&dropped, 1);
	return 1;
}

SEC("xdp")
int drop_in(struct xdp_md *ctx)
{
	return is_unwanted((void *)(long)ctx->data, (void *)(long)ctx->data_end) ? XDP_DROP : XDP_PASS;
}

SEC("tc")
int drop_out(struct __sk_buff *skb)
{
	return is_unwanted((void *)(long)skb->data, (void *)(long)skb->data_end) ? TC_ACT_SHOT : TC_ACT_OK;
}
