/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * chain_change.h - chains that change while packets flow.
 */
#ifndef EMF_CORE_CHAIN_CHANGE_H
#define EMF_CORE_CHAIN_CHANGE_H

#include "chain.h"

/*
 * Each builds a generation that is otherwise, and nothing changes if that fails: unit->why.
 *
 * Return: 0; -ENOENT for a program that is not there; as emf_chain_rebuild().
 */
int emf_chain_move(struct emf_unit *unit, const char *module, const char *program, unsigned int place);
int emf_chain_enable(struct emf_unit *unit, const char *module, const char *program, bool is_enabled);
int emf_chain_set_flags(struct emf_unit *unit, uint32_t flags, uint32_t sample);

#endif
