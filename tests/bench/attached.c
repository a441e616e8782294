// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * attached.c - how long a command takes from just before its exec until it has
 * attached a number of BPF programs:
 *
 *	attached PROGRAMS COMMAND [WORD...]
 *
 * prints microseconds of the clock, measured by ruler.bpf.c, of its own processor time,
 * which other processes do not lengthen, and of the clock without the time that its calls
 * of bpf(2) took.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ruler.skel.h"

#define PATIENCE_NS 20000000000ll /* a test machine under load; a bench that hangs helps nobody */

static long long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

/* Of the main thread, once it has come to rest; the kernel's figure lags while it runs. */
static double processor_us(pid_t child)
{
	const struct timespec rest = { .tv_nsec = 20000000 }; /* several ticks */
	unsigned long long ns = 0;
	char path[64];
	FILE *file;

	nanosleep(&rest, NULL);
	snprintf(path, sizeof(path), "/proc/%d/schedstat", (int)child);
	file = fopen(path, "re");
	if (!file)
		return 0;
	if (fscanf(file, "%llu", &ns) != 1)
		ns = 0;
	fclose(file);
	return (double)ns / 1e3;
}

/* Waits for a byte, so that the ruler knows it before it begins. */
static void run(int go, char **command)
{
	int null = open("/dev/null", O_WRONLY);
	char byte;

	if (null >= 0)
		dup2(null, STDOUT_FILENO);
	if (read(go, &byte, 1) != 1)
		_exit(127);
	execv(command[0], command);
	fprintf(stderr, "%s: %s\n", command[0], strerror(errno));
	_exit(127);
}

static struct ruler_bpf *load_ruler(void)
{
	struct ruler_bpf *ruler = ruler_bpf__open();

	if (!ruler)
		return NULL;
	ruler->rodata->nr_bpf = SYS_bpf;
	if (ruler_bpf__load(ruler) || ruler_bpf__attach(ruler)) {
		ruler_bpf__destroy(ruler);
		return NULL;
	}
	return ruler;
}

static int measure(struct ruler_bpf *ruler, unsigned int wanted, char **command)
{
	const struct timespec pause = { .tv_nsec = 2000000 };
	long long start;
	int go[2], ended = 0;
	double used = 0;
	pid_t child;

	if (pipe(go))
		return 1;
	child = fork();
	if (child < 0)
		return 1;
	if (!child)
		run(go[0], command);
	ruler->bss->target = (unsigned int)child;
	start = now_ns();
	if (write(go[1], "", 1) != 1)
		return 1;
	while (!ended && ruler->bss->attachments < wanted && now_ns() - start < PATIENCE_NS) {
		nanosleep(&pause, NULL);
		ended = waitpid(child, NULL, WNOHANG) != 0;
	}
	if (!ended) {
		used = processor_us(child);
		kill(child, SIGTERM);
		waitpid(child, NULL, 0);
	}
	if (ruler->bss->attachments < wanted) {
		fprintf(stderr, "%s %s before it had attached %u programs\n", command[0],
			ended ? "ended" : "took too long", wanted);
		return 1;
	}
	printf("%.1f %.1f %.1f\n", (double)((long long)ruler->bss->attached_ns - start) / 1e3, used,
	       (double)((long long)ruler->bss->attached_ns - start - (long long)ruler->bss->kernel_ns) / 1e3);
	return 0;
}

int main(int argc, char **argv)
{
	int wanted = argc > 2 ? atoi(argv[1]) : 0;
	struct ruler_bpf *ruler;
	int status;

	if (wanted < 1) {
		fprintf(stderr, "usage: attached PROGRAMS COMMAND [WORD...]\n");
		return 2;
	}
	ruler = load_ruler();
	if (!ruler) {
		fprintf(stderr, "attached: the ruler could not be loaded: %s (run as root)\n", strerror(errno));
		return 77;
	}
	status = measure(ruler, (unsigned int)wanted, argv + 2);
	ruler_bpf__destroy(ruler);
	return status;
}
