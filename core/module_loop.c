// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * module_loop.c - sources of modules: of the loop of their product.
 */
#include "core.h"

int emf_fd_add(struct module *m, struct emf_fd *fd)
{
	return emf_loop_add_fd(&m->unit->emf->loop, m, fd);
}

int emf_timer_start(struct module *m, struct emf_timer *timer, uint64_t after_ns,
		    uint64_t interval_ns)
{
	return emf_loop_start_timer(&m->unit->emf->loop, m, timer, after_ns, interval_ns);
}

int emf_signal_add(struct module *m, struct emf_signal *signal)
{
	return emf_loop_add_signal(&m->unit->emf->loop, m, signal);
}
