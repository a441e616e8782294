/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * package_list.h - what is in packages, for people and programs.
 */
#ifndef EMF_CORE_PACKAGE_LIST_H
#define EMF_CORE_PACKAGE_LIST_H

#include <stdbool.h>
#include <stddef.h>

/* Prints modules, machines and kernels of files, as they say themselves; nothing of them is loaded or trusted. 0 or -EINVAL, reported. */
int emf_package_list(char *const *paths, size_t n, bool as_json);

#endif
