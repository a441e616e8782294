// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * client_socket.c - the socket of a client.
 */
#include "client_socket.h"

#include <emf/bus.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

int emf_client_socket(const char *path, uint32_t timeout_ms)
{
	/* A receive that blocks ends now and then; connect() waits while the listener's queue is full. */
	struct timeval patience = { .tv_usec = EMF_CLIENT_PATIENCE_MS * 1000 };
	struct timeval timeout = { .tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000 };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct stat st;
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
	if (err == -ECONNREFUSED && !stat(path, &st) && !S_ISSOCK(st.st_mode))
		err = -ENOTSOCK;
	return err;
}

void emf_client_socket_why(char *why, size_t size, int err, const char *where, const char *path, bool is_hung_up)
{
	switch (err) {
	case -ENOENT:
	case -ECONNREFUSED:
		snprintf(why, size, "no service answers at %s; start it with '%s serve'", path, strchr(where, '/') ? "emf" : where);
		break;
	case -ENOTSOCK:
		snprintf(why, size, "%s is no socket; EMF_BUS is to name the one of the service", path);
		break;
	case -EACCES:
		if (is_hung_up)
			snprintf(why, size, "the service at %s does not let this user in; run as root, or see its log", path);
		else
			snprintf(why, size, "this user may not connect to %s; run as root, as one of its group, or have a rule name this user",
				 path);
		break;
	case -ECONNRESET:
		snprintf(why, size, "the service at %s hung up without an answer; its log says why", path);
		break;
	case -ETIMEDOUT:
		snprintf(why, size, "the service at %s does not answer; is it stopped, or does a module block it?", path);
		break;
	case -EPROTONOSUPPORT:
	case -EBADMSG:
		snprintf(why, size, "what answers at %s speaks another protocol; is it of another version?", path);
		break;
	default:
		snprintf(why, size, "%s: %s", path, strerror(-err));
	}
}
