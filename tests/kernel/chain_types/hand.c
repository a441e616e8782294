#include "hand_emf.h"

int hand_destroy(struct module *m)
{
	const struct hand_bpf *skeleton = hand_skeleton(m);

	emf_print(m, "painted %llu seen %llu none %llu wrong %llu\n", (unsigned long long)skeleton->bss->painted,
		  (unsigned long long)skeleton->bss->seen, (unsigned long long)skeleton->bss->none,
		  (unsigned long long)skeleton->bss->wrong);
	return 0;
}
