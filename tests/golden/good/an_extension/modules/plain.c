#include <emf.h>
static struct module plain = { .name = "plain" };
ebpf_module(plain);
