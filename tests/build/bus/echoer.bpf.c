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
