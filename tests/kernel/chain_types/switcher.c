#include "switcher_emf.h"

int switcher_destroy(struct module *m)
{
	emf_print(m, "right %llu wrong %llu\n", (unsigned long long)switcher_skeleton(m)->bss->right,
		  (unsigned long long)switcher_skeleton(m)->bss->wrong);
	return 0;
}
