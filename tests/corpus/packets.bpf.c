// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What an interface receives: XDP. Counts by protocol, in a map that is per CPU. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct packet {
	unsigned char source_mac[ETH_ALEN];
	__be16 port;
	__be32 saddr;
	__be32 daddr;
	__u32 ifindex;
	__u8 ttl;
	__u8 pad[3];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 256);
	__type(key, __u32);
	__type(value, __u64);
} protocols SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 16);
} packets SEC(".maps");

const volatile __u16 port = 0;

SEC("xdp")
int on_packet(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;
	struct iphdr *ip = (void *)(eth + 1);
	struct udphdr *udp = (void *)(ip + 1);
	struct packet *packet;
	__u32 protocol;
	__u64 *count;

	if ((void *)(udp + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP) || ip->ihl != 5)
		return XDP_PASS;
	protocol = ip->protocol;
	count = bpf_map_lookup_elem(&protocols, &protocol);
	if (count)
		(*count)++;
	if (protocol != IPPROTO_UDP || (port && udp->dest != bpf_htons(port)))
		return XDP_PASS;
	packet = bpf_ringbuf_reserve(&packets, sizeof(struct packet), 0);
	if (!packet)
		return XDP_PASS;
	__builtin_memcpy(packet->source_mac, eth->h_source, ETH_ALEN);
	packet->port = udp->dest;
	packet->saddr = ip->saddr;
	packet->daddr = ip->daddr;
	packet->ifindex = ctx->ingress_ifindex;
	packet->ttl = ip->ttl;
	bpf_ringbuf_submit(packet, 0);
	return XDP_PASS;
}
