#include <emf/bpf.h>
#include <linux/pkt_cls.h>

char LICENSE[] SEC("license") = "GPL";

SEC("tc")
int pass(struct __sk_buff *skb)
{
	(void)skb;
	return TC_ACT_OK;
}
