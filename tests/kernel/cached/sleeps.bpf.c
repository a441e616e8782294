// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <emf/bpf.h>

char LICENSE[] SEC("license") = "GPL";

SEC("iter.s/task")
int walk(void *ctx)
{
	char byte;

	bpf_copy_from_user(&byte, sizeof(byte), (void *)0); /* refused in what does not sleep */
	return 0;
}
