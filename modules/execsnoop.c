// SPDX-License-Identifier: BSD-2-Clause
/*
 * execsnoop.c - prints who starts what, and how it ends.
 */
#include "execsnoop_emf.h"

#include <string.h>
#include <sys/wait.h>

static bool needs_quotes(const char *arg, size_t len)
{
	static const char special[] = " \t\n\"'\\$`&|;<>()*?[]#~!{}";

	for (size_t i = 0; i < len; i++)
		if (strchr(special, arg[i]))
			return true;
	return !len;
}

/* One argument, quoted if a shell would read it otherwise; each byte takes 4 at most. */
static size_t put_arg(char *out, const char *arg, size_t len)
{
	bool quotes = needs_quotes(arg, len);
	size_t at = 0;

	if (quotes)
		out[at++] = '"';
	while (len) {
		size_t n = 0;

		/* Up to the next quote, which emf_text() leaves as it is. */
		while (n < len && arg[n] != '"')
			n++;
		at += strlen(emf_text(out + at, 4 * n + 1, arg, n));
		if (n < len) {
			out[at++] = '\\';
			out[at++] = '"';
			n++;
		}
		arg += n;
		len -= n;
	}
	if (quotes)
		out[at++] = '"';
	return at;
}

/* @out has room for any record: 4 bytes for each, and 3 for each argument. */
static void format_args(char *out, const struct execsnoop_exec *e)
{
	const char *arg = e->args, *end = e->args + e->args_len;
	size_t at = 0;

	while (arg < end) {
		size_t len = strnlen(arg, (size_t)(end - arg));

		if (at)
			out[at++] = ' ';
		at += put_arg(out + at, arg, len);
		arg += len + 1;
	}
	strcpy(out + at, e->args_cut ? " ..." : "");
}

static void format_result(char *out, size_t size, const struct execsnoop_exec *e)
{
	if (e->kind == EXECSNOOP_KIND_EXEC) {
		snprintf(out, size, "%s", e->result ? emf_errno_name(e->result) : "0");
	} else if (WIFSIGNALED(e->result)) {
		snprintf(out, size, "%s", emf_signal_name(WTERMSIG(e->result)));
	} else {
		snprintf(out, size, "%d", WEXITSTATUS(e->result));
	}
}

void execsnoop_handle_exec(struct module *m, const struct execsnoop_exec *e)
{
	static char args[7 * EXECSNOOP_ARGS_LONG + 8];
	char clock[16], comm[64], result[32];

	emf_text(comm, sizeof(comm), e->comm, strnlen(e->comm, sizeof(e->comm)));
	format_result(result, sizeof(result), e);
	if (e->kind == EXECSNOOP_KIND_EXEC)
		format_args(args, e);
	else
		snprintf(args, sizeof(args), "after %.3f s", (double)e->took / 1e9);
	emf_print(m, "%-12s %-4s %7u %7u %6u %-16s %-12s %s\n", emf_clock(clock, e->time),
		  e->kind == EXECSNOOP_KIND_EXEC ? "exec" : "exit", e->pid, e->ppid, e->uid, comm, result, args);
}

int execsnoop_create(struct module *m)
{
	emf_print(m, "%-12s %-4s %7s %7s %6s %-16s %-12s %s\n", "TIME", "WHAT", "PID", "PPID", "UID",
		  "COMM", "RESULT", "ARGS");
	return 0;
}
