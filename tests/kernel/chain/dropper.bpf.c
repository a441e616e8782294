#include <emf/bpf.h>

char LICENSE[] SEC("license") = "GPL";

SEC("cgroup_skb/ingress")
int drop(struct __sk_buff *skb)
{
	return 0;
}
