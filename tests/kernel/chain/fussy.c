#include "fussy_emf.h"

int fussy_destroy(struct module *m)
{
	emf_print(m, "looks %llu\n", (unsigned long long)fussy_skeleton(m)->bss->looks);
	return 0;
}
