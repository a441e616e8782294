#include "teller_emf.h"

void teller_handle_heard(struct module *m, const struct teller_heard *heard)
{
	emf_print(m, "teller: %u\n", heard->pid);
}
