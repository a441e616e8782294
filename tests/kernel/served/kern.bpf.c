#include <emf/bpf.h>

#include "kern_emf.h"

__u64 started;

SEC("syscall")
int add(struct kern_add_run *run)
{
	run->reply.sum = run->args.a + run->args.b;
	return 0;
}

/* Of the same module, and on any kernel. */
SEC("raw_tp/sched_process_exec")
int on_exec(void *ctx)
{
	__sync_fetch_and_add(&started, 1);
	return 0;
}
