/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * attach.h - attaches programs where their module's description says.
 */
#ifndef EMF_CORE_ATTACH_H
#define EMF_CORE_ATTACH_H

#include <emf/attach.h>

struct bpf_program;
struct emf_bpf_links;
struct emf_unit;

/**
 * emf_attach() - attach one program to one place
 * @unit: its module
 * @prog: loaded
 * @attach: the place
 * @links: the links are added to them; those from before an error stay
 *
 * Return: 0; -EINVAL, told in unit->why, if an option that says where was not given;
 * -ENOENT or -ESRCH, told there, if there is no such library or process; -ENOMEM; or what
 * libbpf and perf_event_open(2) report.
 */
int emf_attach(struct emf_unit *unit, struct bpf_program *prog, const struct emf_attach *attach,
	       struct emf_bpf_links *links);

#endif
