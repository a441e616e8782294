/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * server.h - the socket of a serving product, and who is connected to it.
 */
#ifndef EMF_CORE_SERVER_H
#define EMF_CORE_SERVER_H

#include <sys/types.h>

#include "acl.h"
#include "bus_peer.h"
#include "core.h"
#include "rundir.h"

#define EMF_SERVER_PEERS_MAX 256     /* connections */
#define EMF_SERVER_PEERS_OF_USER 64  /* of one user; root has no such limit */
#define EMF_SERVER_GREETING_MS 5000  /* then a peer that says nothing is disconnected */

struct emf_server {
	struct emf *emf;
	char path[RUNDIR_PATH_MAX];
	int lock_fd; /* held as long as the socket is ours */
	bool is_handed; /* the service manager made the socket, and keeps it */
	int spare_fd; /* given up for a moment to hang up when files run out */
	uint64_t told_ns; /* when that was logged last */
	uint64_t telling_ns; /* since when so many lines about peers were logged */
	uint64_t told;
	uint64_t connections, turned_away, denials; /* since it was opened, also of peers that have left */
	struct emf_fd listener;
	struct emf_server_peer *peers;
	size_t n_peers;
	struct ebus_rings rings;
	struct emf_acl acl;
};

/* Another process that is connected. */
struct emf_server_peer {
	struct ebus_peer peer;
	struct emf_server *server;
	struct emf_fd socket;
	struct emf_timer greeting;
	uid_t uid;
	gid_t gid;
	pid_t pid;
	gid_t *groups; /* the first one among them */
	size_t n_groups;
	uint64_t since_ns;
	struct emf_server_peer *next;
};

/**
 * emf_server_open() - own the product's socket
 *
 * Return: 0; -EADDRINUSE if another process serves it; -EEXIST if something that
 * is no socket stands in its place; -EINVAL if the access rules have mistakes; or what the system calls
 * report. All logged.
 */
int emf_server_open(struct emf_server *server, struct emf *emf);
void emf_server_close(struct emf_server *server);

/* Lets those connect whom rules allow something. */
void emf_server_apply_rules(struct emf_server *server);

/* Reads the access rules again; a mistake in them changes nothing. */
void emf_server_reload(struct emf_server *server);

/* Whether it may send a signal in the place of the provider; if not, it is counted and logged. */
bool emf_server_may_send(struct ebus_peer *peer, const struct ebus_service *service, const struct ebus_member *signal);

/* Once per turn: sends what waits for peers, and lets go of those that are of no use. */
void emf_server_turn(struct emf_server *server);

/* A connection that was accepted; closed if it may not be here. */
void emf_server_peer_new(struct emf_server *server, int fd);
void emf_server_peers_close(struct emf_server *server);

#endif
