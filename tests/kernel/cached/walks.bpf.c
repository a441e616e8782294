// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <emf/bpf.h>

char LICENSE[] SEC("license") = "GPL";

SEC("iter/task")
int walk(void *ctx)
{
	return 0;
}
