// SPDX-License-Identifier: BSD-2-Clause
#include "hello_emf.h"

#include "hello.h"

static void on_greeting(struct module *m, const void *data, size_t size_bytes)
{
	const struct hello_greeting *greeting = data;
	char comm[64];

	if (size_bytes < sizeof(*greeting))
		return;
	emf_text(comm, sizeof(comm), greeting->comm, strnlen(greeting->comm, sizeof(greeting->comm)));
	emf_print(m, "hello, %s (pid %u)\n", comm, greeting->pid);
}

static int hello_create(struct module *m)
{
	return emf_ring_open(m, "greetings", on_greeting);
}

static struct module hello = {
	.prio = 90,
	.name = "hello",
	.version = "0.1",
	.doc = "greet every program that starts; the smallest module",
	.object = &hello_object,
	.create = hello_create,
};
ebpf_module(hello);
