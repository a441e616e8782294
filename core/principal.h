/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * principal.h - users and groups by name. In a fully static product by the files alone:
 * glibc's name service needs shared libraries of the same version there.
 */
#ifndef EMF_CORE_PRINCIPAL_H
#define EMF_CORE_PRINCIPAL_H

#include <stddef.h>
#include <sys/types.h>

/* A name or a number. 0; -ENOENT. */
int emf_principal_user(const char *name, unsigned int *uid);
int emf_principal_group(const char *name, unsigned int *gid);

/* The groups of a user, by name; as many as fit. Return: how many. */
size_t emf_principal_groups(const char *name, unsigned int uid, gid_t *groups, size_t room);

#endif
