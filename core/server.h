/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * server.h - the socket of a serving product. Until the bus speaks on it, a peer
 * that connects is sent the status and disconnected.
 */
#ifndef EMF_CORE_SERVER_H
#define EMF_CORE_SERVER_H

#include <jansson.h>

#include "core.h"
#include "rundir.h"

#define EMF_SERVER_PACKET 32768 /* well below the default socket buffer, unix(7) */
#define EMF_SERVER_STATUS_MAX (1 << 20)

struct emf_server {
	struct emf *emf;
	char path[RUNDIR_PATH_MAX];
	int lock_fd; /* held as long as the socket is ours */
	int spare_fd; /* given up for a moment to hang up when files run out */
	uint64_t told_ns; /* when that was logged last */
	struct emf_fd listener;
};

/**
 * emf_server_open() - own the product's socket
 *
 * Return: 0; -EADDRINUSE if another process serves it; -EEXIST if something that
 * is no socket stands in its place; or what the system calls
 * report. All logged.
 */
int emf_server_open(struct emf_server *server, struct emf *emf);
void emf_server_close(struct emf_server *server);

/**
 * emf_server_ask() - the status of the product that serves @path
 * @status: receives a new reference
 *
 * Return: 0; -ENOENT, -ECONNREFUSED if nobody serves; -EACCES; -ECONNRESET when
 * it let us not in or has no file descriptor left; -EAGAIN if it does not answer;
 * -EPROTO for an answer that is no status.
 */
int emf_server_ask(const char *path, json_t **status);

#endif
