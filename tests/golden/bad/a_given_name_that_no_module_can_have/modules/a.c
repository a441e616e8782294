#include <emf.h>

static struct module example_ebpf = {
	.prio = 1, .name = "run",
};
ebpf_module(example_ebpf);
