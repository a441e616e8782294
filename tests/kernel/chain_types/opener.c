#include "opener_emf.h"

int opener_destroy(struct module *m)
{
	emf_print(m, "right %llu wrong %llu\n", (unsigned long long)opener_skeleton(m)->bss->right,
		  (unsigned long long)opener_skeleton(m)->bss->wrong);
	return 0;
}
