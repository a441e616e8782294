/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * show_only.h - --pid, --user, --comm, --cgroup: of which processes a tool tells.
 */
#ifndef EMF_CORE_SHOW_ONLY_H
#define EMF_CORE_SHOW_ONLY_H

#include <stdbool.h>

struct emf;
struct emf_unit;

/* Parameters that a module has for it are set, so that its kernel part sends nothing else; else a filter is made. 0, or -EINVAL, reported. */
int emf_show_only_these(struct emf *emf);

/* Whether a parameter of a module has the name of one of these options, which sets it. */
bool emf_show_is_only(const struct emf_unit *unit, const char *param);

#endif
