/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * hook_holders.h - who keeps a program alive: processes that have it or its link open, and pins.
 */
#ifndef EMF_CORE_HOOK_HOLDERS_H
#define EMF_CORE_HOOK_HOLDERS_H

#include <stddef.h>
#include <stdint.h>

/**
 * emf_holders_find() - processes, as words: "'nettop' (pid 12)"
 * @program: id
 * @text: receives the first few, or an empty string
 * @size: of it
 *
 * Return: how many there are.
 */
unsigned int emf_holders_find(uint32_t program, char *text, size_t size);

/* The file in bpffs at which its link is pinned. 0; -ENOENT. */
int emf_pin_find(uint32_t program, char *path, size_t size);

#endif
