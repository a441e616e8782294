#include <emf/bpf.h>
#include <linux/pkt_cls.h>

char LICENSE[] SEC("license") = "GPL";

/* The kernel moves a packet that has to grow, and drops its metadata: pskb_expand_head(). */
SEC("tc")
int renew(struct __sk_buff *skb)
{
	__u32 length = skb->len;

	if (!bpf_skb_change_tail(skb, length + 1024, 0))
		bpf_skb_change_tail(skb, length, 0);
	return TC_ACT_OK;
}
