/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * client_socket.h - the socket of a client.
 */
#ifndef EMF_CORE_CLIENT_SOCKET_H
#define EMF_CORE_CLIENT_SOCKET_H

#define EMF_CLIENT_PATIENCE_MS 500 /* of one blocking receive: how late a timeout may be noticed */

/* A socket that is connected; -ETIMEDOUT while the listener's queue is full, or what connect(2) reports. */
int emf_client_socket(const char *path);

#endif
