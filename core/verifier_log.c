// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * verifier_log.c - the verifier's log: which line, the last lines, a file.
 */
#include "verifier_log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TAIL_LINES 4

/* Begin of the line before @at, or NULL at the beginning. */
static const char *line_before(const char *log, const char *at)
{
	if (at == log)
		return NULL;
	at--; /* the newline of that line */
	while (at > log && at[-1] != '\n')
		at--;
	return at;
}

/* Kernels print "; code", later ones "; code @ file.c:12". Of what is a part of the product the code is its line's number alone: gen/emfgenlib/embed.py. */
void emf_verifier_log_source(const char *log, char *out, size_t size)
{
	const char *line = log + strlen(log);

	out[0] = '\0';
	while ((line = line_before(log, line))) {
		const char *end = line + strcspn(line, "\n");
		const char *place = NULL;
		bool is_number;

		if (line[0] != ';' || line[1] != ' ')
			continue;
		line += 2;
		for (const char *p = line; p + 3 < end; p++)
			if (!strncmp(p, " @ ", 3))
				place = p;
		is_number = strspn(line, "0123456789") == (size_t)((place ? place : end) - line);
		if (place && is_number)
			snprintf(out, size, "%.*s", (int)(end - place - 3), place + 3);
		else if (place)
			snprintf(out, size, "%.*s: `%.*s`", (int)(end - place - 3), place + 3, (int)(place - line), line);
		else
			snprintf(out, size, is_number ? "line %.*s" : "`%.*s`", (int)(end - line), line);
		return;
	}
}

static int is_statistics(const char *line)
{
	return !strncmp(line, "processed ", 10) || !strncmp(line, "verification time ", 18) ||
	       !strncmp(line, "stack depth ", 12) || *line == '\n';
}

void emf_verifier_log_tail(const char *log, char *out, size_t size)
{
	const char *end = log + strlen(log), *begin, *line = end;
	int lines = 0;

	begin = end;
	while (lines < TAIL_LINES && (line = line_before(log, line))) {
		if (is_statistics(line) && begin == end) {
			begin = end = line;
			continue;
		}
		begin = line;
		lines++;
	}
	while (end > begin && end[-1] == '\n')
		end--;
	/* The reason stands last: what does not fit is cut from the beginning. */
	if ((size_t)(end - begin) >= size)
		begin = end - (size - 1);
	snprintf(out, size, "%.*s", (int)(end - begin), begin);
}

static void reason(const char *log, char *out, size_t size)
{
	char tail[400], *last;

	emf_verifier_log_tail(log, tail, sizeof(tail));
	last = strrchr(tail, '\n');
	snprintf(out, size, "%.*s", (int)size - 1, last ? last + 1 : tail);
}

/* "unknown" is a helper that is newer than the kernel; the last form is that of Linux 6.14 on. */
int emf_verifier_log_helper(const char *log, char *name, size_t size)
{
	static const char *const forms[] = { "invalid func ", "unknown func ", "program of this type cannot use helper " };
	char line[160], found[64];
	int id;

	reason(log, line, sizeof(line));
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		size_t len = strlen(forms[i]);

		if (strncmp(line, forms[i], len) || sscanf(line + len, "%63[^#]#%d", found, &id) != 2 || id <= 0)
			continue;
		snprintf(name, size, "%s", strcmp(found, "unknown") ? found : "");
		return id;
	}
	return 0;
}

bool emf_verifier_log_is_too_large(const char *log)
{
	char line[160];

	reason(log, line, sizeof(line));
	return !strncmp(line, "BPF program is too large. Processed ", 36);
}

int emf_verifier_log_save(const char *module, const char *program, const char *log,
			  char path[RUNDIR_PATH_MAX])
{
	char name[256];
	size_t len = strlen(log), at = 0;
	int fd, err = 0;

	snprintf(name, sizeof(name), "verifier-%.60s-%.60s.log", module, program);
	fd = emf_rundir_create(name, path);
	if (fd < 0)
		return fd;
	while (at < len && !err) {
		ssize_t n = write(fd, log + at, len - at);

		if (n < 0 && errno != EINTR)
			err = -errno;
		else if (n > 0)
			at += (size_t)n;
	}
	if (close(fd) && !err)
		err = -errno;
	return err;
}
