#include <emf/bpf.h>

#include "echoer_emf.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} numbers SEC(".maps");

volatile __u32 loudness;
const volatile __u64 depth;

SEC("raw_tp/sched_process_exec")
int on_exec(void *ctx)
{
	struct echo_execed *e = echoer_event_execed_reserve();

	if (!e)
		return 0;
	e->pid = bpf_get_current_pid_tgid() >> 32;
	bpf_get_current_comm(e->comm, sizeof(e->comm));
	echoer_event_execed_submit(e);
	return 0;
}

SEC("syscall")
int add(struct echo_add_run *run)
{
	if (run->args.a == 13 || run->args.b == 13)
		return -33; /* EDOM */
	run->reply.sum = run->args.a + run->args.b;
	return 0;
}

SEC("syscall")
int reverse(void *ctx)
{
	struct echo_reverse_run *run = echo_reverse_message();

	if (!run)
		return -2;
	for (__u32 i = 0; i < 16; i++)
		run->reply.b[i] = i < run->args.n && run->args.n <= 16 ? run->args.b[(run->args.n - 1 - i) & 15] : 0;
	return 0;
}

SEC("syscall")
int clear(void *ctx)
{
	__u32 first = 0;
	__u64 zero = 0;

	return bpf_map_update_elem(&numbers, &first, &zero, BPF_ANY);
}
