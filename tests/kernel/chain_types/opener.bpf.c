#include "opener_emf.h"

#include <emf/bpf.h>

char LICENSE[] SEC("license") = "GPL";

__u64 right, wrong;

SEC("kprobe/do_sys_openat2")
int a_first(struct pt_regs *ctx)
{
	struct opens_state *state = opens_state();

	if (state)
		state->hops++;
	return opens_next(ctx);
}

SEC("kprobe/do_sys_openat2")
int b_second(struct pt_regs *ctx)
{
	struct opens_state *state = opens_state();

	__sync_fetch_and_add(state && state->hops == 1 ? &right : &wrong, 1);
	return 0;
}
