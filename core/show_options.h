/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * show_options.h - the options of a tool that say what is printed, and how.
 */
#ifndef EMF_CORE_SHOW_OPTIONS_H
#define EMF_CORE_SHOW_OPTIONS_H

#include "core.h"
#include "option.h"

#define EMF_SHOW_OPTIONS 12 /* at most */

/* Writes them to a table that has room for as many. Return: how many. */
size_t emf_show_options(struct emf *emf, struct emf_option *options);

#endif
