/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * terminal.h - what standard output is shown on.
 */
#ifndef EMF_CORE_TERMINAL_H
#define EMF_CORE_TERMINAL_H

#include <stdbool.h>

#include "loop.h"

/**
 * struct emf_terminal - where lines go
 * @is_one: it is a terminal, no file or pipe
 * @has_colours: and may be sent escape sequences
 * @columns: characters of a line; 0 for no end
 * @rows: lines that can be seen; 0 if nobody knows
 * @changed: SIGWINCH
 */
struct emf_terminal {
	bool is_one;
	bool has_colours;
	unsigned int columns, rows;
	struct emf_signal changed;
};

/* Characters of a line where @fd writes; 0 where a line has no end. */
unsigned int emf_terminal_columns(int fd);

/* Learns what standard output is. $NO_COLOR and TERM=dumb are respected. */
void emf_terminal_init(struct emf_terminal *terminal);

/* Keeps its size up to date while the loop turns. 0, or a negative errno. */
int emf_terminal_watch(struct emf_terminal *terminal, struct emf_loop *loop);

#endif
