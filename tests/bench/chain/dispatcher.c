/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dispatcher INTERFACE OBJECT...: the XDP program of each object behind the dispatcher of
 * libxdp, until standard input ends. Prints "attached", or why it cannot be.
 */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <xdp/libxdp.h>

#define MAX 10 /* MAX_DISPATCHER_ACTIONS, xdp/prog_dispatcher.h */

/* What libxdp makes of it names a file, and not the kernel's word, which goes here by libbpf. */
static int quiet(enum libxdp_print_level level, const char *fmt, va_list args)
{
	(void)level;
	(void)fmt;
	(void)args;
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
	libxdp_set_print(quiet);
	for (int i = 0; i < n; i++) {
		programs[i] = xdp_program__open_file(argv[i + 2], "xdp", NULL);
		err = (int)libxdp_get_error(programs[i]);
		if (err) {
			printf("%s cannot be opened: %s\n", argv[i + 2], strerror(-err));
			return 1;
		}
	}
	err = xdp_program__attach_multi(programs, (size_t)n, ifindex, XDP_MODE_NATIVE, 0);
	printf("%s\n", err ? strerror(-err) : "attached");
	fflush(stdout);
	while (!err && read(STDIN_FILENO, &c, 1) > 0)
		;
	if (!err)
		err = xdp_program__detach_multi(programs, (size_t)n, ifindex, XDP_MODE_NATIVE, 0);
	for (int i = 0; i < n; i++)
		xdp_program__close(programs[i]);
	return !!err;
}
