/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * quit.h - SIGINT and SIGTERM: the first ends the product in order, a second
 * SIGINT ends it at once, even when a module hangs.
 */
#ifndef EMF_CORE_QUIT_H
#define EMF_CORE_QUIT_H

#include "loop.h"

struct emf_quit {
	bool asked; /* by what has done its work, without a signal */
	struct emf_fd wake;
};

/* 0 or what eventfd(2) reports. One per process: signal handlers are. */
int emf_quit_init(struct emf_quit *quit, struct emf_loop *loop);
void emf_quit_fini(struct emf_quit *quit);

/* Whether a signal has come, or something else ends it. */
bool emf_quit_is_asked(const struct emf_quit *quit);

/* From then on, system calls that block are interrupted again and again. */
void emf_quit_interrupt_after(uint64_t ns);

#endif
