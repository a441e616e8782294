#include "watch_emf.h"

int watch_destroy(struct module *m)
{
	const struct watch_bpf *skeleton = watch_skeleton(m);

	emf_print(m, "called %llu ticked %llu saw %llu sent %llu wrong %llu\n", (unsigned long long)skeleton->bss->called,
		  (unsigned long long)skeleton->bss->ticked, (unsigned long long)skeleton->bss->saw,
		  (unsigned long long)skeleton->bss->sent, (unsigned long long)skeleton->bss->wrong);
	return 0;
}
