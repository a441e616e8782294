#include "fussy_emf.h"

#include <emf/bpf.h>
#include <linux/pkt_cls.h>

char LICENSE[] SEC("license") = "GPL";

const volatile __u32 byte;
__u64 looks;

SEC("tc")
int look(struct __sk_buff *skb)
{
	volatile char bytes[8] = { 0 };

	__sync_fetch_and_add(&looks, 1);
	return bytes[byte] ? TC_ACT_SHOT : TC_ACT_OK;
}
