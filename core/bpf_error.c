// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * bpf_error.c - failures of libbpf, told so that somebody can act on them.
 */
#include "bpf_error.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bpf_hint.h"
#include "core.h"
#include "log.h"
#include "probe.h"
#include "rundir.h"
#include "verifier_log.h"

static __thread struct emf_bpf_error *current;

/* As printed by libbpf 1.0 to 1.5, bpf_object_load_prog(). */
#define LOG_BEGIN "-- BEGIN PROG LOAD LOG --\n"
#define LOG_END "-- END PROG LOAD LOG --"

/* "libbpf: prog 'NAME': -- BEGIN ..." */
static void keep_verifier_log(struct emf_bpf_error *error, const char *text, const char *begin)
{
	const char *end = strstr(begin, LOG_END);
	const char *quote = strchr(text, '\'');

	begin += strlen(LOG_BEGIN);
	free(error->log);
	error->log = strndup(begin, end ? (size_t)(end - begin) : strlen(begin));
	error->program[0] = '\0';
	if (quote && quote < begin)
		sscanf(quote, "'%127[^']'", error->program);
}

static void keep(struct emf_bpf_error *error, const char *text)
{
	const char *begin = strstr(text, LOG_BEGIN);

	if (begin) {
		keep_verifier_log(error, text, begin);
		return;
	}
	if (!strncmp(text, "libbpf: ", 8))
		text += 8;
	/* The first line says what is wrong; those behind it repeat that it failed. */
	if (error->said[0])
		return;
	snprintf(error->said, sizeof(error->said), "%s", text);
	error->said[strcspn(error->said, "\n")] = '\0';
}

static int __attribute__((format(printf, 2, 0)))
on_print(enum libbpf_print_level level, const char *fmt, va_list args)
{
	va_list again;
	char *text;
	int n;

	if (level == LIBBPF_DEBUG && emf_log_level() < EMF_LOG_DEBUG)
		return 0;
	va_copy(again, args);
	n = vasprintf(&text, fmt, again);
	va_end(again);
	if (n < 0)
		return 0;
	if (level != LIBBPF_WARN || !current) {
		text[strcspn(text, "\n")] = '\0';
		emf_debug(current ? current->unit->m : NULL, "%s", text);
	} else {
		keep(current, text);
	}
	free(text);
	return n;
}

void emf_bpf_error_init(void)
{
	libbpf_set_print(on_print);
}

void emf_bpf_error_begin(struct emf_bpf_error *error, struct emf_unit *unit)
{
	*error = (struct emf_bpf_error){ .unit = unit, .outer = current };
	current = error;
}

/* What can be said in other words than the verifier's: which helper is lacking, and its limit. Return: whether the kernel lacks something. */
static bool say_reason(const char *log, char *out, size_t size)
{
	char name[64] = "";
	int helper = emf_verifier_log_helper(log, name, sizeof(name));
	const char *known = helper ? emf_probe_helper_name(helper) : NULL;

	out[0] = '\0';
	if (emf_verifier_log_is_too_large(log)) /* BPF_COMPLEXITY_LIMIT_INSNS, include/linux/bpf.h */
		snprintf(out, size, ": it follows at most 1000000 instructions on all ways through a program; make its loops shorter, or let bpf_loop() run them");
	if (!helper)
		return false;
	if (!name[0] && known)
		snprintf(name, sizeof(name), "bpf_%s", known);
	else if (!name[0])
		snprintf(name, sizeof(name), "number %d", helper);
	snprintf(out, size, ": it calls the helper %s, which this kernel lacks for such programs; a later kernel may have it ('doctor' tells more)", name);
	return true;
}

static void explain_rejection(const struct emf_bpf_error *error, struct emf_unit *unit)
{
	char file[RUNDIR_PATH_MAX], line[160], tail[400], reason[200];
	bool saved;

	unit->unsupported |= say_reason(error->log, reason, sizeof(reason));
	emf_verifier_log_source(error->log, line, sizeof(line));
	emf_verifier_log_tail(error->log, tail, sizeof(tail));
	saved = !emf_verifier_log_save(unit->m->name, error->program, error->log, file);
	/* The log is long: what a person reads first is the sentence. */
	emf_err(unit->m, "last lines of the verifier's log:\n%s", tail);
	snprintf(unit->why, sizeof(unit->why),
		 "load failed: the verifier rejected program '%.60s' of %.60s%s%s%s; whole log: %s",
		 error->program, unit->m->object ? unit->m->object->source : unit->m->name, line[0] ? " at " : "", line, reason,
		 saved ? file : "(could not be saved)");
}

static void explain(const struct emf_bpf_error *error, const struct emf_bpf_hint *hint,
		    const char *step, const struct bpf_program *prog, int err)
{
	struct emf_unit *unit = error->unit;
	bool more = !hint->certain && error->said[0];
	char what[96] = "";

	if (prog)
		snprintf(what, sizeof(what), ": program '%.60s'", bpf_program__name(prog));
	snprintf(unit->why, sizeof(unit->why), "%s failed%s: %s%s%s%s%s%s", step, what, strerror(-err),
		 hint->text[0] ? " (" : "", hint->text, hint->text[0] ? ")" : "",
		 more ? "; libbpf: " : "", more ? error->said : "");
}

/* The verifier may have been content, and its log says so; no memory, no descriptor or no time is another reason. */
static bool is_lack(int err)
{
	return err == -EAGAIN || err == -ENOMEM || err == -EMFILE || err == -ENFILE;
}

int emf_bpf_error_end(struct emf_bpf_error *error, const char *step,
		      const struct bpf_program *prog, int err)
{
	struct emf_unit *unit = error->unit;
	struct emf_bpf_hint hint;

	current = error->outer;
	if (!err)
		goto out;
	emf_bpf_hint(&hint, unit, step, prog, err);
	unit->unsupported = hint.unsupported;
	if (error->log && error->program[0] && !hint.certain && !is_lack(err)) {
		explain_rejection(error, unit);
		goto out;
	}
	explain(error, &hint, step, prog, err);
out:
	free(error->log);
	error->log = NULL;
	return err;
}
