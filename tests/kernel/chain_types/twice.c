#include "twice_emf.h"

int twice_destroy(struct module *m)
{
	const struct twice_bpf *skeleton = twice_skeleton(m);

	emf_print(m, "outer %llu inner %llu wrong %llu\n", (unsigned long long)skeleton->bss->outer,
		  (unsigned long long)skeleton->bss->inner, (unsigned long long)skeleton->bss->wrong);
	return 0;
}
