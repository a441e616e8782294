/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * dispatcher INTERFACE OBJECT...: the XDP program of each object behind the dispatcher of
 * libxdp, until standard input ends. Prints "attached", or why it cannot be.
 */
#include <errno.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <xdp/libxdp.h>

#define MAX 10 /* MAX_DISPATCHER_ACTIONS, xdp/prog_dispatcher.h */

static char refused[288];

/* The error of an attach is the same for all reasons; that freplace does not work is said here only. */
static int note(enum libxdp_print_level level, const char *fmt, va_list args)
{
	char line[256], *why;

	(void)level;
	vsnprintf(line, sizeof(line), fmt, args);
	line[strcspn(line, "\n")] = '\0';
	why = strrchr(line, ':');
	if (why && strstr(line, "Compatibility check"))
		snprintf(refused, sizeof(refused), "the kernel refuses freplace%s", why);
	return 0;
}

int main(int argc, char **argv)
{
	struct xdp_program *programs[MAX];
	int n = argc - 2, ifindex, err;
	char c;

	if (n < 1 || n > MAX)
		return 2;
	ifindex = (int)if_nametoindex(argv[1]);
	libxdp_set_print(note);
	for (int i = 0; i < n; i++) {
		programs[i] = xdp_program__open_file(argv[i + 2], "xdp", NULL);
		err = (int)libxdp_get_error(programs[i]);
		if (err) {
			printf("%s cannot be opened: %s\n", argv[i + 2], strerror(-err));
			return 1;
		}
	}
	err = xdp_program__attach_multi(programs, (size_t)n, ifindex, XDP_MODE_NATIVE, 0);
	printf("%s\n", !err ? "attached" : *refused ? refused : strerror(-err));
	fflush(stdout);
	while (!err && read(STDIN_FILENO, &c, 1) > 0)
		;
	if (!err)
		err = xdp_program__detach_multi(programs, (size_t)n, ifindex, XDP_MODE_NATIVE, 0);
	for (int i = 0; i < n; i++)
		xdp_program__close(programs[i]);
	return !!err;
}
