// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * caller.c N - says its pid, waits for a line, makes N system calls as fast as they go, and
 * says how long one took.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static double now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

int main(int argc, char **argv)
{
	long n = argc > 1 ? atol(argv[1]) : 0;
	double began;

	printf("%d\n", (int)getpid());
	fflush(stdout);
	if (n <= 0 || getchar() == EOF)
		return 1;
	began = now_ns();
	for (long i = 0; i < n; i++)
		syscall(SYS_getppid);
	printf("%.1f\n", (now_ns() - began) / (double)n);
	return 0;
}
