/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * client_socket.h - the socket of a client.
 */
#ifndef EMF_CORE_CLIENT_SOCKET_H
#define EMF_CORE_CLIENT_SOCKET_H

#define EMF_CLIENT_PATIENCE_MS 500 /* of one blocking receive: how late a timeout may be noticed */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A socket that is connected; -ETIMEDOUT while the listener's queue is full for so long, -ENOTSOCK for a
 * path of something else, or what connect(2) reports.
 */
int emf_client_socket(const char *path, uint32_t timeout_ms);

/* Why there is no connection to the product @where; @is_hung_up: who listens took it, and closed it. */
void emf_client_socket_why(char *why, size_t size, int err, const char *where, const char *path, bool is_hung_up);

#endif
