/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * show_options.h - the options of a tool that say what is printed, and how.
 */
#ifndef EMF_CORE_SHOW_OPTIONS_H
#define EMF_CORE_SHOW_OPTIONS_H

#include "core.h"
#include "option.h"

#define EMF_SHOW_OPTIONS 14 /* at most */

/* Writes them to a table that has room for as many; what asks for a kernel part only if one runs. Return: how many. */
size_t emf_show_options(struct emf *emf, struct emf_option *options, bool has_kernel_part);

/* Whether what an option of run says concerns any of the modules that are wanted. */
bool emf_option_is_of_use(const struct emf *emf, const char *name);

#endif
