#include "switcher_emf.h"

#include <emf/bpf.h>

char LICENSE[] SEC("license") = "GPL";

__u64 right, wrong;

SEC("tracepoint/sched/sched_switch")
int a_first(void *ctx)
{
	struct switched_state *state = switched_state();

	if (state)
		state->hops++;
	return switched_next(ctx);
}

SEC("tracepoint/sched/sched_switch")
int b_second(void *ctx)
{
	struct switched_state *state = switched_state();

	__sync_fetch_and_add(state && state->hops == 1 ? &right : &wrong, 1);
	return 0;
}
