#include "litter_emf.h"

int litter_destroy(struct module *m)
{
	const struct litter_bpf *skeleton = litter_skeleton(m);

	emf_print(m, "left %llu without %llu with %llu\n", (unsigned long long)skeleton->bss->left,
		  (unsigned long long)skeleton->bss->without, (unsigned long long)skeleton->bss->with);
	return 0;
}
