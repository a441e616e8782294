// SPDX-License-Identifier: BSD-2-Clause
/*
 * client_socket.c - the socket of a client.
 */
#include "client_socket.h"

#include <emf/bus.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

int emf_client_socket(const char *path)
{
	/* A receive that blocks ends now and then; connect() waits while the listener's queue is full. */
	struct timeval patience = { .tv_usec = EMF_CLIENT_PATIENCE_MS * 1000 }, timeout = { .tv_sec = EBUS_TIMEOUT_MS / 1000 };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	int err;

	if (fd < 0)
		return -errno;
	snprintf(address.sun_path, sizeof(address.sun_path), "%.107s", path);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
	if (!connect(fd, (struct sockaddr *)&address, sizeof(address)))
		return fd;
	err = errno == EAGAIN ? -ETIMEDOUT : -errno;
	close(fd);
	return err;
}
