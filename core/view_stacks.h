/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * view_stacks.h - stacks of a map that are printed by themselves.
 */
#ifndef EMF_CORE_VIEW_STACKS_H
#define EMF_CORE_VIEW_STACKS_H

#include "view_shown.h"

struct emf;
struct emf_unit;

/* Functions are looked up while their process is there, mostly: not in the end only. */
#define EMF_VIEW_LOOK_NS UINT64_C(500000000)

/* Options of all modules that are wanted, before anything starts: 0, or -EINVAL, which has been reported. */
int emf_view_stacks_check(const struct emf *emf);

/* Those of @unit, whose map is there. 0; -ENOENT without its map; -ENOMEM. */
int emf_view_stacks_begin(const struct emf_unit *unit, struct emf_view_shown *shown);

/* Takes what was counted since the last time, and looks up functions. 0; -ENOMEM; or what bpf(2) reports. */
int emf_view_stacks_look(const struct emf_unit *unit, struct emf_view_shown *shown);

/* Prints them, after a last look, and begins anew. */
void emf_view_stacks_print(const struct emf_unit *unit, struct emf_view_shown *shown, uint64_t now_ns);

void emf_view_stacks_free(struct emf_view_shown *shown);

#endif
