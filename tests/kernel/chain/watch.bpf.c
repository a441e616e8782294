#include "watch_emf.h"

#include <emf/bpf.h>

char LICENSE[] SEC("license") = "GPL";

__u64 first, second, typed, wrong;

SEC("raw_tp/sched_switch")
int on_switch(void *ctx)
{
	struct switches_state *state = switches_state();

	__sync_fetch_and_add(&second, 1);
	if (!state || state->hops != 1)
		__sync_fetch_and_add(&wrong, 1);
	return 0;
}

/* By its name it stands before the other one. */
SEC("raw_tp/sched_switch")
int again(void *ctx)
{
	struct switches_state *state = switches_state();

	__sync_fetch_and_add(&first, 1);
	if (state)
		state->hops++;
	return switches_next(ctx);
}

SEC("tp_btf/sched_switch")
int BPF_PROG(on_typed, _Bool preempt, void *prev, void *next)
{
	if (prev != next)
		__sync_fetch_and_add(&typed, 1);
	return 0;
}
