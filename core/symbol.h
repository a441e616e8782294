/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * symbol.h - functions by their addresses.
 */
#ifndef EMF_CORE_SYMBOL_H
#define EMF_CORE_SYMBOL_H

#include <emf/symbol.h>

/* Forgets what was read. */
void emf_symbol_fini(void);

#endif
