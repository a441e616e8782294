/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * attach_net.h - programs of networking that libbpf has no link for: filters of tc, and XDP in a mode that was asked for.
 *
 * No file descriptor owns a filter: the guardian knows of each before it is there.
 */
#ifndef EMF_CORE_ATTACH_NET_H
#define EMF_CORE_ATTACH_NET_H

#include <bpf/libbpf.h>
#include <emf/attach.h>

struct emf_unit;

/**
 * emf_attach_tc() - make the filter
 * @unit: of the module
 * @prog: loaded
 * @attach: of the kind EMF_ATTACH_TC
 *
 * It goes by emf_attach_net_remove(), or by the guardian when the product is killed. clsact is made where it is missing,
 * and goes with the last filter then.
 *
 * Return: 0; -EEXIST if there is one with this handle and priority; -EOPNOTSUPP for one that is to stay; or what the kernel reports.
 */
int emf_attach_tc(struct emf_unit *unit, const struct bpf_program *prog, const struct emf_attach *attach);

/* A program of XDP in the mode of @attach. 0; -EOPNOTSUPP for one that is to stay; or what the kernel reports. */
int emf_attach_xdp_mode(struct emf_unit *unit, const struct bpf_program *prog, const struct emf_attach *attach);

/* Takes away all of these of a module; what cannot be is told, and left to the guardian. */
void emf_attach_net_remove(struct emf_unit *unit);

#endif
