/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * bpf_error.h - what libbpf and the kernel say when they refuse, in a sentence
 * that names module, program, reason and remedy.
 */
#ifndef EMF_CORE_BPF_ERROR_H
#define EMF_CORE_BPF_ERROR_H

#include <bpf/libbpf.h>

struct emf_unit;

#define EMF_BPF_ERROR_LINE 256
#define EMF_BPF_ERROR_NAME 128

/**
 * struct emf_bpf_error - what libbpf printed during one call
 * @unit: the module that the call is for
 * @said: the first warning, without its newline
 * @program: that the verifier rejected, or an empty string
 * @log: what the verifier said, or NULL
 * @outer: the one before, if calls nest
 */
struct emf_bpf_error {
	struct emf_unit *unit;
	char said[EMF_BPF_ERROR_LINE];
	char program[EMF_BPF_ERROR_NAME];
	char *log;
	struct emf_bpf_error *outer;
};

/* Takes over libbpf's messages, once for the process. */
void emf_bpf_error_init(void);

/* From here to emf_bpf_error_end(), this thread's libbpf messages are kept. */
void emf_bpf_error_begin(struct emf_bpf_error *error, struct emf_unit *unit);

/**
 * emf_bpf_error_end() - give the messages back, and explain an error
 * @error: as begun
 * @step: "open", "load" or "attach"
 * @prog: that was being attached, or NULL
 * @err: what the call returned
 *
 * On an error, writes unit->why and sets unit->unsupported.
 *
 * Return: @err.
 */
int emf_bpf_error_end(struct emf_bpf_error *error, const char *step,
		      const struct bpf_program *prog, int err);

#endif
