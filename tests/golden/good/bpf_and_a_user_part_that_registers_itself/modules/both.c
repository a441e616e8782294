#include "both_emf.h"

static int create(struct module *m)
{
	return !both_skeleton(m);
}

static struct module both = {
	.name = "both",
	.object = &both_object,
	.create = create,
};
ebpf_module(both);
