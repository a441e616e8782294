// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * terminal.c - what standard output is shown on.
 */
#include "terminal.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static void read_size(struct emf_terminal *terminal)
{
	struct winsize size;

	/* 0 is what a serial line says, which has no size. */
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size))
		size = (struct winsize){ 0 };
	terminal->columns = size.ws_col;
	terminal->rows = size.ws_row;
}

unsigned int emf_terminal_columns(int fd)
{
	struct winsize size;

	return isatty(fd) && !ioctl(fd, TIOCGWINSZ, &size) ? size.ws_col : 0;
}

static void on_change(struct emf_signal *signal)
{
	read_size(emf_container_of(signal, struct emf_terminal, changed));
}

void emf_terminal_init(struct emf_terminal *terminal)
{
	const char *no_colour = getenv("NO_COLOR"), *name = getenv("TERM");

	*terminal = (struct emf_terminal){ .is_one = isatty(STDOUT_FILENO) };
	if (!terminal->is_one)
		return;
	read_size(terminal);
	terminal->has_colours = !(no_colour && *no_colour) && name && *name && strcmp(name, "dumb") != 0;
}

int emf_terminal_watch(struct emf_terminal *terminal, struct emf_loop *loop)
{
	terminal->changed = (struct emf_signal){ .signo = SIGWINCH, .received = on_change };
	return terminal->is_one ? emf_loop_add_signal(loop, NULL, &terminal->changed) : 0;
}
