#include "watch_emf.h"

int watch_destroy(struct module *m)
{
	const struct watch_bpf *skeleton = watch_skeleton(m);

	emf_print(m, "first %llu second %llu typed %llu wrong %llu\n", (unsigned long long)skeleton->bss->first,
		  (unsigned long long)skeleton->bss->second, (unsigned long long)skeleton->bss->typed,
		  (unsigned long long)skeleton->bss->wrong);
	return 0;
}
