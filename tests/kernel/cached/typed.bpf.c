// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <emf/bpf.h>

char LICENSE[] SEC("license") = "GPL";

struct net;
extern const struct net init_net __ksym __weak; /* there or not: what counts is that it has a type */

volatile unsigned long long address;

SEC("tp_btf/sched_process_exit")
int on_exit(void *ctx)
{
	address = (unsigned long)&init_net;
	return 0;
}
