/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * bpf_skeleton.h - an object with the skeleton that it was compiled with, or without one.
 */
#ifndef EMF_CORE_BPF_SKELETON_H
#define EMF_CORE_BPF_SKELETON_H

#include <emf/module.h>

#include "bpf_object.h"

/* Each returns 0 or a negative errno; in m->unit->why there is a sentence where libbpf was not asked. @head is on the heap, and is freed with the object; fine with NULL, and when opening failed. */
int emf_skeleton_open(const struct module *m, struct emf_skeleton_head *head);
int emf_skeleton_load(const struct emf_skeleton_head *head);
void emf_skeleton_close(const struct module *m, struct emf_skeleton_head *head);

#endif
