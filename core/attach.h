/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * attach.h - attaches programs where their module's description says.
 */
#ifndef EMF_CORE_ATTACH_H
#define EMF_CORE_ATTACH_H

#include <emf/attach.h>

struct bpf_link;
struct bpf_program;
struct emf_unit;

/* Whether the description of its module says where this program hangs. */
bool emf_attach_is_described(const struct emf_unit *unit, const struct bpf_program *prog);

/**
 * emf_attach() - attach one program to one place
 * @unit: its module
 * @prog: loaded
 * @attach: the place
 * @link: receives the link
 *
 * Return: 0; -EINVAL, told in unit->why, if an option that says where was not given; or
 * what libbpf reports.
 */
int emf_attach(struct emf_unit *unit, struct bpf_program *prog, const struct emf_attach *attach,
	       struct bpf_link **link);

/* Writes unit->why: which program, which place, the error, and what libbpf @said, if it did. */
void emf_attach_explain(struct emf_unit *unit, const struct emf_attach *attach, int err, const char *said);

#endif
