#include <emf.h>

static struct module example_ebpf = {
	.prio = 1, .name = "example",
};
ebpf_module(example_ebpf);
