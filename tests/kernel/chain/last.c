#include "last_emf.h"

int last_destroy(struct module *m)
{
	emf_print(m, "seen %llu marked %llu wrong %llu\n", (unsigned long long)last_skeleton(m)->bss->seen,
		  (unsigned long long)last_skeleton(m)->bss->marked, (unsigned long long)last_skeleton(m)->bss->wrong);
	return 0;
}
