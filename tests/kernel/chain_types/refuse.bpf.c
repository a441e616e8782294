#include <emf/bpf.h>

char LICENSE[] SEC("license") = "GPL";

SEC("sk_lookup")
int lose(struct bpf_sk_lookup *ctx)
{
	return ctx->local_port == 9 ? SK_DROP : SK_PASS;
}
