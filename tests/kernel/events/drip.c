// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "drip_emf.h"

static unsigned long long received;

/* The first ones are told as they come: a reader that slept too long would be seen. */
void drip_handle_dropped_in(struct module *m, const struct drip_dropped_in *event)
{
	received += event->number;
	emf_print(m, "%llu\n", received);
}

int drip_destroy(struct module *m)
{
	emf_print(m, "received %llu\n", received);
	return 0;
}
