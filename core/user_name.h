/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * user_name.h - users by name, for what is printed: of the password file alone, since a
 * directory service could take seconds to answer for an event.
 */
#ifndef EMF_CORE_USER_NAME_H
#define EMF_CORE_USER_NAME_H

#include <stdint.h>

/**
 * emf_user_name() - what a user is called
 * @uid: any
 *
 * The file is read once, and again after it changed, which is looked at once a second at
 * most. The first 4096 entries count.
 *
 * Context: loop thread.
 * Return: a text that is good until the next call; NULL for a user without an entry.
 */
const char *emf_user_name(uint32_t uid);

/* Context: loop thread. Return: 0; -ENOENT if there is no such entry. */
int emf_user_find(const char *name, uint32_t *uid);

#endif
