// SPDX-License-Identifier: BSD-2-Clause
/*
 * attached.c - how long a command takes from just before its fork until it holds
 * a number of BPF links:
 *
 *	attached LINKS COMMAND [WORD...]
 *
 * prints microseconds of the clock, and of its own processor time, which other
 * processes do not lengthen. It looks into /proc/PID/fd in a tight loop, which asks
 * nothing of the command and costs every command the same.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_NS 20000000000ll /* a test machine under load; a bench that hangs helps nobody */

static long long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static int count_links(const char *folder)
{
	DIR *fds = opendir(folder);
	struct dirent *entry;
	char target[64];
	int n = 0;

	if (!fds)
		return 0;
	while ((entry = readdir(fds))) {
		ssize_t len = readlinkat(dirfd(fds), entry->d_name, target, sizeof(target) - 1);

		/* What the kernel calls it, or what it does for a perf-based link. */
		if (len <= 0)
			continue;
		target[len] = '\0';
		n += !strncmp(target, "anon_inode:bpf_link", 19) || !strncmp(target, "anon_inode:bpf-link", 19);
	}
	closedir(fds);
	return n;
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

static void run(char **command)
{
	int null = open("/dev/null", O_WRONLY);

	if (null >= 0)
		dup2(null, STDOUT_FILENO);
	execv(command[0], command);
	fprintf(stderr, "%s: %s\n", command[0], strerror(errno));
	_exit(127);
}

int main(int argc, char **argv)
{
	int wanted = argc > 2 ? atoi(argv[1]) : 0;
	char folder[64];
	long long start, end;
	cpu_set_t one;
	double used = 0;
	pid_t child;
	bool ended = false;

	if (wanted < 1) {
		fprintf(stderr, "usage: attached LINKS COMMAND [WORD...]\n");
		return 2;
	}
	start = now_ns();
	child = fork();
	if (child < 0)
		return 1;
	if (!child)
		run(argv + 2);
	/* The watcher keeps to one processor, so that the command has the others. */
	CPU_ZERO(&one);
	CPU_SET(0, &one);
	sched_setaffinity(0, sizeof(one), &one);
	snprintf(folder, sizeof(folder), "/proc/%d/fd", (int)child);
	do {
		bool done = count_links(folder) >= wanted;

		end = now_ns();
		if (done)
			break;
		ended = waitpid(child, NULL, WNOHANG) != 0;
	} while (!ended && end - start < PATIENCE_NS);
	if (!ended) {
		used = processor_us(child);
		kill(child, SIGTERM);
		waitpid(child, NULL, 0);
	}
	if (ended || end - start >= PATIENCE_NS) {
		fprintf(stderr, "%s %s before it had %d links\n", argv[2], ended ? "ended" : "took too long", wanted);
		return 1;
	}
	printf("%.1f %.1f\n", (double)(end - start) / 1e3, used);
	return 0;
}
