#include "watch_emf.h"

#include <emf/bpf.h>

char LICENSE[] SEC("license") = "GPL";

__u64 called, ticked, saw, sent, wrong;

static __always_inline void expect(__u64 *counter, int is_right)
{
	__sync_fetch_and_add(is_right ? counter : &wrong, 1);
}

SEC("uprobe")
int call(struct pt_regs *ctx)
{
	struct calls_state *state = calls_state();

	if (state)
		state->hops++;
	return calls_next(ctx);
}

SEC("uprobe")
int call_again(struct pt_regs *ctx)
{
	struct calls_state *state = calls_state();

	expect(&called, state && state->hops == 1);
	return 0;
}

SEC("perf_event")
int tick(struct bpf_perf_event_data *ctx)
{
	struct ticks_state *state = ticks_state();

	if (state)
		state->hops++;
	return ticks_next(ctx);
}

SEC("perf_event")
int tick_again(struct bpf_perf_event_data *ctx)
{
	struct ticks_state *state = ticks_state();

	expect(&ticked, state && state->hops == 1);
	return 0;
}

SEC("socket")
int see(struct __sk_buff *skb)
{
	struct taps_state *state = taps_state();

	if (state)
		state->hops++;
	return taps_next(skb);
}

SEC("socket")
int see_again(struct __sk_buff *skb)
{
	struct taps_state *state = taps_state();

	if (skb->protocol == bpf_htons(0x0800))
		expect(&saw, state && state->hops == 1);
	return 0;
}

SEC("cgroup_skb/egress")
int send(struct __sk_buff *skb)
{
	struct group_state *state = group_state();

	if (state) {
		state->hops++;
		state->length = skb->len;
	}
	return group_next(skb);
}

SEC("cgroup_skb/egress")
int send_again(struct __sk_buff *skb)
{
	struct group_state *state = group_state();

	expect(&sent, state && state->hops == 1 && state->length == skb->len);
	return 1;
}
