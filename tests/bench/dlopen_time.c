// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * dlopen_time.c - how long each dlopen(3) of a program takes, by a library that is loaded before: a line of nanoseconds for each, in
 * the file that EMF_DLOPEN_TIMES names.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000L + t.tv_nsec;
}

void *dlopen(const char *file, int mode)
{
	void *(*real)(const char *, int) = (void *(*)(const char *, int))dlsym(RTLD_NEXT, "dlopen");
	const char *path = getenv("EMF_DLOPEN_TIMES");
	long begin = now(), took;
	void *handle = real(file, mode);
	FILE *to;

	took = now() - begin;
	to = path ? fopen(path, "a") : NULL;
	if (to) {
		fprintf(to, "%ld\n", took);
		fclose(to);
	}
	return handle;
}
