#include <emf/bpf.h>

#include "failer_emf.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1000);
	__type(key, __u32);
	__type(value, __u64);
} numbers SEC(".maps");

const volatile bool fails;
volatile __u32 much;

SEC("raw_tp/sched_process_exec")
int failer_on_exec(void *ctx)
{
	__u32 key = 0;
	__u64 *n = bpf_map_lookup_elem(&numbers, &key);

	if (n)
		*n += much;
	return 0;
}
