#include <emf/bpf.h>
#include "pone_emf.h"
char LICENSE[] SEC("license") = "GPL";
__u64 seen;
SEC("xdp") int count(struct xdp_md *ctx)
{
	__sync_fetch_and_add(&seen, 1);
	return XDP_PASS;
}
