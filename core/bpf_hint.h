/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * bpf_hint.h - why the kernel said no, found by looking at the machine.
 */
#ifndef EMF_CORE_BPF_HINT_H
#define EMF_CORE_BPF_HINT_H

#include <stdbool.h>

struct bpf_program;
struct emf_unit;

/**
 * struct emf_bpf_hint - what is missing, and the remedy
 * @text: half a sentence; empty when nothing is known
 * @unsupported: a privilege or the kernel lacks what is needed
 * @certain: it explains the error, whatever libbpf printed
 */
struct emf_bpf_hint {
	char text[256];
	bool unsupported;
	bool certain;
};

/* @prog: that was being attached, or NULL. */
void emf_bpf_hint(struct emf_bpf_hint *hint, const struct emf_unit *unit, const char *step,
		  const struct bpf_program *prog, int err);

/* Whether @prog hangs at functions of the kernel, and this one has no kprobes. */
bool emf_bpf_hint_no_kprobes(const struct bpf_program *prog);

/* Whether memory of maps and programs counts for the cgroup of who makes them, from Linux 5.11 on, or as locked memory. */
bool emf_kernel_charges_cgroup(void);

#endif
