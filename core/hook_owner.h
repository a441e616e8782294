/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * hook_owner.h - whose program hangs where ours should, and what can be done about it.
 */
#ifndef EMF_CORE_HOOK_OWNER_H
#define EMF_CORE_HOOK_OWNER_H

#include <stdbool.h>
#include <stdint.h>

#define EMF_OWNER_TEXT_MAX 700

/* Id of the link that an XDP program hangs by; 0 if by netlink, or if that is @is_hidden: this user cannot see links. */
uint32_t emf_xdp_link_find(uint32_t program, bool *is_hidden);

/**
 * emf_xdp_owner_describe() - a sentence about the XDP program of an interface
 * @ifindex: of the interface
 * @link: its name
 * @replaces: it was tried to put that program aside
 * @text: receives it: the program, how it hangs there, the processes that hold it, what to do
 *
 * Looks through all processes, as far as this user may: for a message, not for a loop.
 */
void emf_xdp_owner_describe(unsigned int ifindex, const char *link, bool replaces, char text[EMF_OWNER_TEXT_MAX]);

#endif
