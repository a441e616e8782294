/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * isolated_rights.h - what the process of an isolated extension gives up, before it loads the file.
 */
#ifndef EMF_CORE_ISOLATED_RIGHTS_H
#define EMF_CORE_ISOLATED_RIGHTS_H

#include "isolated_process.h"

/**
 * emf_isolated_drop_rights() - keep what was declared, and nothing else
 * @words: which capabilities, which user, which descriptors
 * @why: receives a sentence that says what could not be given up
 * @size: of it
 *
 * It becomes a user who owns nothing, since files of root are open to user 0 without any
 * capability. What it executes has the same capabilities: the guardian needs them. It ends
 * with the product.
 *
 * Return: 0 or a negative errno.
 */
int emf_isolated_drop_rights(const struct emf_isolated_words *words, char *why, size_t size);

#endif
