/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * verifier_log.h - reading and keeping what the kernel's verifier says.
 */
#ifndef EMF_CORE_VERIFIER_LOG_H
#define EMF_CORE_VERIFIER_LOG_H

#include <stdbool.h>
#include <stddef.h>

#include "rundir.h"

/* The source line that was being verified, as "`code` (file.c:12)"; may be empty. */
void emf_verifier_log_source(const char *log, char *out, size_t size);

/* The last lines, without the statistics that follow the reason. */
void emf_verifier_log_tail(const char *log, char *out, size_t size);

/*
 * The helper that the program was not let call: its number, and its name in @name ("bpf_loop"), which is empty where the kernel does
 * not know it. 0, and @name as it was, if that is not the reason.
 */
int emf_verifier_log_helper(const char *log, char *name, size_t size);

/* Whether it gave up, because there was too much to follow. */
bool emf_verifier_log_is_too_large(const char *log);

/* Saves the whole log under the run folder. 0, with its path; or a negative errno. */
int emf_verifier_log_save(const char *module, const char *program, const char *log,
			  char path[RUNDIR_PATH_MAX]);

#endif
