/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * socket_acl.h - who may connect: the access control list of the socket's file.
 */
#ifndef EMF_CORE_SOCKET_ACL_H
#define EMF_CORE_SOCKET_ACL_H

#include "acl.h"

/*
 * emf_socket_acl_set() - let those connect whom rules allow something
 *
 * By a list of its own on the file, acl(5), so that the socket is open to nobody else.
 *
 * Return: 0; or what setxattr(2) reports, such as -EOPNOTSUPP where the file system has none.
 */
int emf_socket_acl_set(const char *path, const struct emf_acl *acl);

#endif
